import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { settled, shopWith } from './faulty.js';

export const app = NestFactory.create(shopWith('*'), new FastifyAdapter(), { logger: false }).then(settled);
