import { NestFactory } from '@nestjs/core';
import { listening, PetShop } from './clean.js';

export const app = await listening(await NestFactory.create(PetShop, { logger: false }));
