import type { AddressInfo, Server } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Controller, Get, type INestApplication, type INestMicroservice, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxyFactory, EventPattern, MessagePattern, Transport } from '@nestjs/microservices';
import { WebSocketGateway } from '@nestjs/websockets';
import { Guarded, Public, RequireScopes, SallyportGuard, SallyportModule } from '@sallyport/adapters/nest';
import { firstValueFrom } from 'rxjs';
import { demoChain } from '../demo-chain.js';
import { closeAll, open, PLATFORMS } from './nest-applications.js';

const TCP = { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } } as const;

@Controller('service')
class Service {
  @Get() @MessagePattern('guarded') @UseGuards(SallyportGuard) guarded() {
    return 'guarded';
  }
  @MessagePattern('open') @Public() open() {
    return 'open';
  }
  @MessagePattern('closed') @Public() @Guarded(() => true) @UseGuards(SallyportGuard) closed() {
    return 'closed';
  }
}

/** Microservices beside an application, which get none of its global guards. */
export function nestServices(version: number): void {
  afterEach(closeAll);

  describe.each(PLATFORMS)(`messages of microservices of Nest ${version} on %s`, (platform) => {
    const connected = (application: INestApplication) => void application.connectMicroservice(TCP);

    test('are refused by a guard, unless their method is public', async () => {
      const { application, get } = await open(platform, { chain: demoChain() }, { controllers: [Service] }, connected);
      await application.startAllMicroservices();
      const [microservice] = application.getMicroservices() as [INestMicroservice];
      const { port } = microservice.unwrap<Server>().address() as AddressInfo;
      const client = ClientProxyFactory.create({ transport: Transport.TCP, options: { host: '127.0.0.1', port } });
      const sent = (pattern: string) => firstValueFrom(client.send(pattern, {}));
      expect(await sent('open')).toBe('open');
      await expect(sent('guarded')).rejects.toMatchObject({ status: 'error' });
      await expect(sent('closed')).rejects.toMatchObject({ status: 'error' });
      expect([(await get('/service')).status, (await get('/service', 'now.alice')).status]).toEqual([401, 200]);
      client.close();
    });

    test('are an error at start where nobody is asked about them', async () => {
      const opening = (decorators: readonly MethodDecorator[], allowUnguarded = false) => {
        class Open {
          take() {}
        }
        const descriptor = { value: Open.prototype.take } as PropertyDescriptor;
        for (const decorate of decorators) decorate(Open.prototype, 'take', descriptor);
        Controller()(Open);
        return open(platform, { chain: demoChain(), allowUnguarded }, { controllers: [Open] }, connected);
      };
      const wrong = /Open.take\(\) takes messages of microservices/;
      for (const pattern of [MessagePattern('take'), EventPattern('take') as MethodDecorator]) {
        await expect(opening([pattern])).rejects.toThrow(wrong);
        await expect(opening([pattern, RequireScopes('never')])).rejects.toThrow(wrong);
        await expect(opening([pattern, Public(), Guarded(() => false)])).rejects.toThrow(wrong);
        await expect(opening([pattern, RequireScopes('never')], true)).rejects.toThrow(wrong);
        await opening([pattern, RequireScopes('never'), UseGuards(SallyportGuard)]);
        await opening([pattern, Public()]);
        await opening([pattern], true);
      }
    });
  });

  describe(`a microservice of Nest ${version} without a server of HTTP`, () => {
    test('that has gateways is an error at start', async () => {
      @WebSocketGateway()
      class Alone {}
      @Module({ imports: [SallyportModule.forRoot({ chain: demoChain() })], providers: [Alone] })
      class Application {}
      const microservice = await NestFactory.createMicroservice(Application, {
        ...TCP,
        logger: false,
        abortOnError: false,
      });
      microservice.useWebSocketAdapter({ ...noServer, create: () => noServer } as never);
      await expect(microservice.init()).rejects.toThrow(/has gateways but no server of HTTP/);
    });
  });
}

/** An adapter, and a server of one, that open nothing. */
const noServer = { on() {}, bindClientConnect() {}, close() {}, dispose() {} };
