import 'reflect-metadata';
import type { Server } from 'node:http';
import { Controller, Get, Module, Param, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type AuthenticatedUser, AuthModule, Public, Roles } from './auth.js';

@Controller()
export class DeskController {
  @Public()
  @Get('health')
  health() {
    return { status: 'ok' };
  }

  @Get('profile')
  profile(@Req() request: { user: AuthenticatedUser }) {
    return { userId: request.user.userId, username: request.user.username };
  }

  @Get('tickets/:id')
  ticket(@Param('id') id: string, @Req() request: { user: AuthenticatedUser }) {
    return { id, reader: request.user.username };
  }

  @Roles('admin')
  @Get('admin/tickets')
  allTickets() {
    return { tickets: [] };
  }
}

@Module({ imports: [AuthModule], controllers: [DeskController] })
export class AppModule {}

export async function open(): Promise<Server> {
  const app = await NestFactory.create(AppModule, { logger: false });
  app.setGlobalPrefix('api');
  await app.listen(0, 'localhost');
  return app.getHttpServer();
}
