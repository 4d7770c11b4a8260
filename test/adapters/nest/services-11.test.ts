import { elevenInstead } from './eleven-instead.js';

elevenInstead();
const { nestServices }: typeof import('./nest-services.js') = require('./nest-services.js');

nestServices(11);
