import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { listening, PetShop } from './clean.js';

const adapter = new FastifyAdapter({ routerOptions: { ignoreTrailingSlash: true } });
export const app = await listening(await NestFactory.create(PetShop, adapter, { logger: false }));
