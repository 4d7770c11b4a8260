import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type DynamicModule, type INestApplication, Module, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { SallyportModule, type SallyportModuleOptions } from '@sallyport/adapters/nest';
import { ask, type RawAnswer, requestText } from '../raw-client.js';

export const PLATFORMS = ['Express', 'Fastify'] as const;
export type PlatformName = (typeof PLATFORMS)[number];

/** An application that listens, and what it answers. */
export interface OpenedApplication {
  readonly application: INestApplication;
  readonly port: number;
  get(path: string, token?: string, ...lines: string[]): Promise<RawAnswer>;
  call(method: string, path: string, token?: string, ...lines: string[]): Promise<RawAnswer>;
}

const opened: INestApplication[] = [];

export async function closeAll(): Promise<void> {
  for (const application of opened.splice(0)) {
    (application.getHttpServer() as Server).closeAllConnections();
    await application.close();
  }
}

/** Opens an application of these parts, with the chain of the options in front. `prepare` is what a `main.ts` does. */
export async function open(
  platform: PlatformName,
  options: SallyportModuleOptions | DynamicModule,
  { imports = [], ...parts }: ModuleMetadata,
  prepare: (application: INestApplication) => unknown = () => undefined,
): Promise<OpenedApplication> {
  const security = 'module' in options ? options : SallyportModule.forRoot(options);
  @Module({ imports: [security, ...imports], ...parts })
  class Application {}
  const settings = { logger: false, abortOnError: false } as const;
  const application =
    platform === 'Express'
      ? await NestFactory.create(Application, settings)
      : await NestFactory.create(Application, new FastifyAdapter(), settings);
  return listening(application, prepare);
}

export async function listening(
  application: INestApplication,
  prepare: (application: INestApplication) => unknown = () => undefined,
): Promise<OpenedApplication> {
  await prepare(application);
  opened.push(application);
  await application.listen(0, '127.0.0.1');
  const { port } = (application.getHttpServer() as Server).address() as AddressInfo;
  const call = (method: string, path: string, token?: string, ...lines: string[]) =>
    ask(
      port,
      'http',
      requestText(method, path, token === undefined ? lines : [`Authorization: Bearer ${token}`, ...lines]),
    );
  return { application, port, call, get: (path, ...given) => call('GET', path, ...given) };
}
