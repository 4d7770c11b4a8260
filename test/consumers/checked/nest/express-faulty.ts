import { NestFactory } from '@nestjs/core';
import { settled, shopWith } from './faulty.js';

export default async () => settled(await NestFactory.create(shopWith('*name'), { logger: false }));
