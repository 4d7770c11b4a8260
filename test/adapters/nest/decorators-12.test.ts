import { nestDecorators } from './nest-decorators.js';

nestDecorators(12);
