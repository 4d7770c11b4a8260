import { elevenInstead } from './eleven-instead.js';

elevenInstead();
const { nestGateways }: typeof import('./nest-gateways.js') = require('./nest-gateways.js');

nestGateways(11);
