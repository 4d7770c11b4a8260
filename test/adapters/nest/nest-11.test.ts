import { expect, jest, test } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { nestRules } from './nest-rules.js';

jest.mock('@nestjs/common', () => jest.requireActual('./eleven/node_modules/@nestjs/common'));
jest.mock('@nestjs/core', () => jest.requireActual('./eleven/node_modules/@nestjs/core'));
jest.mock('@nestjs/platform-fastify', () => jest.requireActual('./eleven/node_modules/@nestjs/platform-fastify'));

test('these are the packages of Nest 11', () => {
  const { NestFactory: factoryOf11 } = jest.requireActual<typeof import('@nestjs/core')>(
    './eleven/node_modules/@nestjs/core',
  );
  expect(NestFactory).toBe(factoryOf11);
});

nestRules(11);
