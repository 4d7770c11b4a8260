import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { All, Controller, type INestApplication, Module, Req, Res, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AuthGuard, frameworkErrors, principalOf, RequireScopes, SallyportModule } from '@sallyport/adapters/nest';
import { anonymous, type Decider, type Requirement } from '@sallyport/core';
import { handlersOf } from '@sallyport/core/extend';
import type { FastifyReply } from 'fastify';
import { answerTo, type DemoOptions, digestOf, headersFor } from '../demo-application.js';
import type { AdapterRow, DemoServer } from '../demo-servers.js';

/** What a controller of either platform gets. */
type PlatformRequest = IncomingMessage & { readonly raw?: IncomingMessage };
type PlatformResponse = ServerResponse | FastifyReply;

/** One application for each server, because its decorators hold what it was opened with. Platforms write wildcards differently. */
function demoModule(chain: Decider, options: DemoOptions, requirement: Requirement, wildcard: string) {
  const handlers = handlersOf(requirement);

  @Controller()
  class Demo {
    @All('orders')
    @RequireScopes('orders:read')
    orders(@Req() request: PlatformRequest, @Res() response: PlatformResponse) {
      send(request, response);
    }

    @All('keys')
    @UseGuards(AuthGuard(handlers.map(({ name }) => name)))
    keys(@Req() request: PlatformRequest, @Res() response: PlatformResponse) {
      send(request, response);
    }

    @All('fails')
    fail() {
      throw new Error('the application failed');
    }

    @All('echo')
    async echo(@Req() request: PlatformRequest, @Res() response: PlatformResponse) {
      send(request, response, await digestOf((request.raw ?? request) as Readable));
    }

    @All(['', wildcard])
    others(@Req() request: PlatformRequest, @Res() response: PlatformResponse) {
      send(request, response);
    }
  }

  @Module({ imports: [SallyportModule.forRoot({ chain, handlers, ...options })], controllers: [Demo] })
  class DemoModule {}
  return DemoModule;
}

function send(request: PlatformRequest, response: PlatformResponse, body?: string): void {
  const text = answerTo(request.method, principalOf(request), body);
  if ('raw' in response) response.code(200).headers(headersFor(text)).send(text);
  else response.writeHead(200, headersFor(text)).end(text);
}

async function opened(application: INestApplication): Promise<DemoServer> {
  await application.listen(0, '127.0.0.1');
  const server: Server = application.getHttpServer();
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: async () => {
      server.closeAllConnections();
      await application.close();
    },
  };
}

const SILENT = { logger: false, bodyParser: false, abortOnError: false } as const;

async function openExpress(chain: Decider, options: DemoOptions = {}, requirement: Requirement = anonymous()) {
  const application = await NestFactory.create(demoModule(chain, options, requirement, '*path'), SILENT);
  application.getHttpAdapter().getInstance().disable('x-powered-by');
  return opened(application);
}

async function openFastify(chain: Decider, options: DemoOptions = {}, requirement: Requirement = anonymous()) {
  const adapter = new FastifyAdapter({ exposeHeadRoutes: false, frameworkErrors });
  const module = demoModule(chain, options, requirement, '*');
  const application = await NestFactory.create<NestFastifyApplication>(module, adapter, SILENT);
  const fastify = adapter.getInstance();
  // Nest 11 does not tell Fastify of it.
  if (!fastify.supportedMethods.includes('PROPFIND')) fastify.addHttpMethod('PROPFIND', { hasBody: true });
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  return opened(application);
}

/** Nest on both of its platforms. */
export function nestRows(version: number): readonly AdapterRow[] {
  return [
    { name: `Nest ${version} on Express`, protocol: 'http', decidesInRoute: true, open: openExpress },
    { name: `Nest ${version} on Fastify`, protocol: 'http', decidesInRoute: true, open: openFastify },
  ];
}
