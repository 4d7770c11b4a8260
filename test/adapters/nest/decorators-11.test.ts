import { elevenInstead } from './eleven-instead.js';

elevenInstead();
const { nestDecorators }: typeof import('./nest-decorators.js') = require('./nest-decorators.js');

nestDecorators(11);
