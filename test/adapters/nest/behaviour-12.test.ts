import { nestBehaviour } from './nest-behaviour.js';

nestBehaviour(12);
