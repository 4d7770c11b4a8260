import { elevenInstead } from './eleven-instead.js';

elevenInstead();
const { nestSockets }: typeof import('./nest-sockets.js') = require('./nest-sockets.js');

nestSockets(11);
