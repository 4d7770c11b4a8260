import { expect, test } from '@jest/globals';
import { elevenInstead, ofEleven } from './eleven-instead.js';

elevenInstead();
const { nestRules }: typeof import('./nest-rules.js') = require('./nest-rules.js');

test('these are the packages of Nest 11', () => {
  expect(require('@nestjs/core')).toBe(ofEleven('@nestjs/core'));
});

nestRules(11);
