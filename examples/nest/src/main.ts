import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { frameworkErrors } from '@sallyport/adapters/nest';
import { OrdersController } from './orders.controller.js';
import { SecurityModule } from './security.module.js';

@Module({ imports: [SecurityModule], controllers: [OrdersController] })
class AppModule {}

const settings = { logger: false } as const;
const app =
  process.env['PLATFORM'] === 'fastify'
    ? await NestFactory.create(AppModule, new FastifyAdapter({ frameworkErrors }), settings)
    : await NestFactory.create(AppModule, settings);
app.enableShutdownHooks(['SIGTERM']);
await app.listen(Number(process.env['PORT'] ?? 3000));
console.log(`Listening on http://localhost:${app.getHttpServer().address().port}`);
