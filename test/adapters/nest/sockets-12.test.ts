import { nestSockets } from './nest-sockets.js';

nestSockets(12);
