import { elevenInstead } from './eleven-instead.js';

elevenInstead();
const { nestBehaviour }: typeof import('./nest-behaviour.js') = require('./nest-behaviour.js');

nestBehaviour(11);
