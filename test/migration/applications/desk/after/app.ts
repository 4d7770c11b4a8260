import 'reflect-metadata';
import type { Server } from 'node:http';
import { Controller, Get, type MiddlewareConsumer, Module, Param, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthModule, admins, secure, userOf } from './auth.js';

@Controller()
export class DeskController {
  @Get('health')
  health() {
    return { status: 'ok' };
  }

  @Get('profile')
  profile(@Req() request: object) {
    return { userId: userOf(request).userId, username: userOf(request).username };
  }

  @Get('tickets/:id')
  ticket(@Param('id') id: string, @Req() request: object) {
    return { id, reader: userOf(request).username };
  }

  @Get('admin/tickets')
  allTickets() {
    return { tickets: [] };
  }
}

@Module({ imports: [AuthModule], controllers: [DeskController] })
export class AppModule {
  configure(consumer: MiddlewareConsumer) {
    consumer.apply(admins).forRoutes('admin');
  }
}

export async function open(): Promise<Server> {
  const app = await NestFactory.create(AppModule, { logger: false });
  app.setGlobalPrefix('api');
  app.use(secure());
  await app.listen(0, 'localhost');
  return app.getHttpServer();
}
