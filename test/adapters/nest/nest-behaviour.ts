import { afterEach, describe, expect, test } from '@jest/globals';
import {
  All,
  type ArgumentsHost,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  Head,
  HttpException,
  Inject,
  Injectable,
  type MiddlewareConsumer,
  Module,
  Options,
  Post,
  UseGuards,
  VersioningType,
} from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, ExternalContextCreator, HttpAdapterHost } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  AuthGuard,
  CurrentPrincipal,
  Guarded,
  Public,
  RequireRoles,
  RequireScopes,
  SallyportGuard,
  SallyportModule,
  Secured,
} from '@sallyport/adapters/nest';
import { denied, headerHandler, type Principal, requireScopes, route, routes, SecurityChain } from '@sallyport/core';
import { comparable } from '../../rules/request-corpus.js';
import { DemoPasswords, DemoTokens, demoChain } from '../demo-chain.js';
import { closeAll, listening, open, PLATFORMS } from './nest-applications.js';

const keys = headerHandler({
  name: 'keys',
  header: 'X-Key',
  verify: (key) => (key === 'good' ? { subject: 'key-holder' } : denied('key_unknown')),
});
const KEY = 'X-Key: good';

/** Writes whatever it gets, as filters for everything do. */
@Catch()
class Everything implements ExceptionFilter {
  static caught: unknown[] = [];
  catch(exception: unknown, host: ArgumentsHost) {
    Everything.caught.push(exception);
    const response = host.switchToHttp().getResponse();
    const status = exception instanceof HttpException ? exception.getStatus() : 500;
    if ('sent' in response) response.code(status).send({ filtered: status });
    else response.status(status).json({ filtered: status });
  }
}

/** What decorators, guards, filters and modules of Nest do, in every version and on both platforms. */
export function nestBehaviour(version: number): void {
  afterEach(closeAll);

  describe.each(PLATFORMS)(`Nest ${version} on %s`, (platform) => {
    test('a route without a decorator needs what the chain requires', async () => {
      @Controller('plain')
      class Plain {
        @Get() get(@CurrentPrincipal() principal: Principal) {
          return principal.subject;
        }
      }
      const { get } = await open(platform, { chain: demoChain() }, { controllers: [Plain] });
      expect(await get('/plain')).toMatchObject({ status: 401 });
      expect(await get('/plain', 'now.alice')).toMatchObject({ status: 200, body: 'alice' });
      expect(await get('/plain', 'later.alice')).toMatchObject({ status: 200, body: 'alice' });
    });

    test('@Public() at a method holds in a class with @Secured() and scopes, whatever is sent', async () => {
      @Controller('mixed')
      @Secured(keys)
      @RequireScopes('never')
      @RequireRoles('nobody')
      class Mixed {
        @Public() @Get('open') open(@CurrentPrincipal() { kind }: Principal) {
          return kind;
        }
        @Get('open-too') @Public() alsoOpen() {}
        @Get('shut') shut() {}
      }
      const { get } = await open(platform, { chain: demoChain() }, { controllers: [Mixed] });
      for (const token of [undefined, 'bad', 'now.alice'])
        expect(await get('/mixed/open', token)).toMatchObject({ status: 200, body: 'anonymous' });
      expect((await get('/mixed/open-too')).status).toBe(200);
      expect(await get('/mixed/shut')).toMatchObject({ status: 401 });
      expect(await get('/mixed/shut', undefined, KEY)).toMatchObject({ status: 403 });
      expect(await get('/mixed/shut', 'now.alice')).toMatchObject({ status: 401 });
    });

    test('@Secured() at a method holds in place of that of a class, which may be public', async () => {
      @Controller('mixed')
      @Public()
      class Mixed {
        @Get('open') open() {}
        @Secured(keys) @Get('keys') keys() {}
        @Get('tokens') @Secured((handler) => handler('demo-tokens')) tokens() {}
      }
      const { get } = await open(platform, { chain: demoChain() }, { controllers: [Mixed] });
      expect((await get('/mixed/open')).status).toBe(200);
      expect([(await get('/mixed/keys')).status, (await get('/mixed/keys', undefined, KEY)).status]).toEqual([
        401, 200,
      ]);
      expect((await get('/mixed/tokens', 'now.alice')).status).toBe(200);
      expect((await get('/mixed/tokens', undefined, KEY)).status).toBe(401);
    });

    test('guards of a class and its method add up, in any order, also where a decorator replaces the method', async () => {
      const replacing: MethodDecorator = (_target, _key, descriptor: PropertyDescriptor) => {
        const { value } = descriptor;
        descriptor.value = function (...given: unknown[]) {
          return value.apply(this, given);
        };
      };
      const called: string[] = [];
      const noted = (name: string) => () => called.push(name) > 0;
      @Controller('added')
      @Guarded(noted('class'))
      class Added {
        @Get('a') @Guarded(noted('method')) @RequireScopes('orders:read') a() {}
        @RequireScopes('orders:read') @RequireScopes('never') @Get('b') b() {}
        @Get('c') @replacing @RequireScopes('never') c() {}
        @Public() @Get('d') d() {}
      }
      const { get } = await open(platform, { chain: demoChain() }, { controllers: [Added] });
      expect((await get('/added/a', 'now.alice')).status).toBe(200);
      expect(called).toEqual(['class', 'method']);
      expect((await get('/added/b', 'now.alice')).status).toBe(403);
      expect((await get('/added/c', 'now.alice')).status).toBe(403);
      expect((await get('/added/d')).status).toBe(200);
      expect(called.filter((name) => name === 'class')).toHaveLength(4);
    });

    test('classes inherit what a class says; a method that overrides has its own decorators alone', async () => {
      @RequireScopes('orders:read')
      class Base {
        @Get('mine') mine() {}
        @Public() @Get('open') open() {}
        @Public() @Get('again') again() {}
      }
      @Controller('first')
      class First extends Base {
        @Get('again') override again() {}
      }
      @Controller('second')
      @Secured(keys)
      class Second extends Base {}
      const { get } = await open(platform, { chain: demoChain() }, { controllers: [First, Second] });
      expect((await get('/first/mine', 'now.bob')).status).toBe(403);
      expect((await get('/first/mine', 'now.alice')).status).toBe(200);
      expect((await get('/first/open')).status).toBe(200);
      expect((await get('/first/again')).status).toBe(401);
      expect((await get('/second/mine', 'now.alice')).status).toBe(401);
      expect((await get('/second/open')).status).toBe(200);
    });

    test('contradictions and wrong names are errors at start', async () => {
      const opening = (...decorators: MethodDecorator[]) => {
        class Wrong {
          get() {}
        }
        const descriptor = { value: Wrong.prototype.get } as PropertyDescriptor;
        for (const decorate of [...decorators, Get()]) decorate(Wrong.prototype, 'get', descriptor);
        Controller('wrong')(Wrong);
        return open(platform, { chain: demoChain() }, { controllers: [Wrong] });
      };
      await expect(opening(Public(), RequireScopes('a'))).rejects.toThrow(/@Public\(\) has scopes or roles/);
      await expect(opening(Secured((handler) => handler('demo-token')))).rejects.toThrow(/did you mean demo-tokens/);
      await expect(opening(Secured(() => undefined as never))).rejects.toThrow(/must get a requirement/);
      expect(() => opening(Public(), Secured(keys))).toThrow(/another @Secured/);
      expect(() => Secured(DemoTokens as never)).toThrow(/no class of a handler/);
      expect(() => Public()(DemoTokens, 'made', { value: () => 1 })).toThrow(/stands at a class or at a method/);
    });

    test('a refusal passes filters and interceptors by, byte for byte; what the application throws does not', async () => {
      Everything.caught = [];
      @Injectable()
      class Throwing {
        intercept(): never {
          throw new HttpException('intercepted', 418);
        }
      }
      @Controller('filtered')
      class Filtered {
        @Get() get() {}
      }
      const plain = await open(platform, { chain: demoChain() }, { controllers: [Filtered] });
      const providers = [
        { provide: APP_FILTER, useClass: Everything },
        { provide: APP_INTERCEPTOR, useClass: Throwing },
      ];
      const filtered = await open(platform, { chain: demoChain() }, { controllers: [Filtered], providers });
      for (const token of [undefined, 'bad', 'malformed', 'outage.a', 'limited.a', 'stepup.a']) {
        const answer = comparable(await filtered.get('/filtered', token));
        expect(answer).toEqual(comparable(await plain.get('/filtered', token)));
        expect(answer.lines).toContain('content-type: application/problem+json');
      }
      expect(Everything.caught).toEqual([]);
      expect(await filtered.get('/filtered', 'now.alice')).toMatchObject({ status: 418, body: '{"filtered":418}' });
    });

    test('onDenied that throws gives its error to the filters', async () => {
      @Controller('filtered')
      class Filtered {
        @Get() get() {}
      }
      const onDenied = () => {
        throw new HttpException('mine', 402);
      };
      const providers = [{ provide: APP_FILTER, useClass: Everything }];
      const { get } = await open(platform, { chain: demoChain(), onDenied }, { controllers: [Filtered], providers });
      expect(await get('/filtered')).toMatchObject({ status: 402, body: '{"filtered":402}' });
      expect((await get('/unknown')).status).toBe(402);
    });

    test('a guard that stands twice decides once, also behind other guards', async () => {
      const asked: string[] = [];
      const tokens = new DemoTokens();
      @Injectable()
      class Other implements CanActivate {
        canActivate() {
          return true;
        }
      }
      @Controller('twice')
      @UseGuards(Other, SallyportGuard)
      class Twice {
        @Get() @UseGuards(SallyportGuard, Other) @Guarded(({ subject }) => asked.push(subject) > 0) get() {}
      }
      const { get } = await open(platform, { chain: demoChain({}, tokens) }, { controllers: [Twice] });
      expect((await get('/twice', 'later.alice')).status).toBe(200);
      expect([asked, tokens.verified]).toEqual([['alice'], 1]);
    });

    test('AuthGuard() of names stands in for that of passport, and lets subclasses have constructors', async () => {
      @Injectable()
      class Own extends AuthGuard(['keys', 'demo-passwords']) {
        constructor(@Inject(SecurityChain) readonly chain: SecurityChain) {
          super();
        }
      }
      @Controller()
      class Old {
        @Get('free') free() {}
        @Get('keys') @UseGuards(Own) keys() {}
        @Get('open') @UseGuards(Own) @Public() open() {}
        @Get('scoped') @UseGuards(AuthGuard('demo-tokens')) @RequireScopes('never') scoped() {}
      }
      const options = { chain: demoChain(), handlers: [keys], allowUnguarded: true };
      const { get } = await open(platform, options, { controllers: [Old] });
      expect((await get('/free')).status).toBe(200);
      expect([(await get('/keys')).status, (await get('/keys', 'now.alice')).status]).toEqual([401, 401]);
      expect((await get('/keys', undefined, KEY)).status).toBe(200);
      expect((await get('/open')).status).toBe(200);
      expect((await get('/scoped', 'now.alice')).status).toBe(403);
      const { get: everywhere } = await open(
        platform,
        { chain: demoChain(), handlers: [keys] },
        { controllers: [Old] },
      );
      expect([(await everywhere('/free')).status, (await everywhere('/keys', undefined, KEY)).status]).toEqual([
        401, 401,
      ]);
    });

    test('AuthGuard() refuses what only passport would call, and names that nobody has, at start', async () => {
      class WithHandling extends AuthGuard('keys') {
        handleRequest() {}
      }
      for (const [guard, message] of [
        [WithHandling, /calls no handleRequest/],
        [AuthGuard('demo-token'), /did you mean demo-tokens/],
      ] as const) {
        @Controller()
        @UseGuards(guard)
        class Old {
          @Get() get() {}
        }
        const opening = open(platform, { chain: demoChain(), handlers: [keys] }, { controllers: [Old] });
        await expect(opening).rejects.toThrow(message);
      }
    });

    test('prefixes, versions, HEAD and OPTIONS, and middleware in front change nothing', async () => {
      @Controller({ path: 'cats', version: '1' })
      class Cats {
        @Get() all() {
          return 'cats';
        }
        @Head('head') head() {}
        @Options('options') options() {}
        @Post() @RequireScopes('never') add() {}
      }
      @Controller('health')
      class Health {
        @Public() @Get() get() {}
      }
      @Module({ controllers: [Cats, Health] })
      class Shop {
        configure(consumer: MiddlewareConsumer) {
          consumer
            .apply(
              (_request: unknown, response: { setHeader(name: string, value: string): void }, next: () => void) => {
                response.setHeader('x-seen', 'yes');
                next();
              },
            )
            .exclude('health')
            .forRoutes('{*all}');
        }
      }
      const { call } = await open(platform, { chain: demoChain() }, { imports: [Shop] }, (application) => {
        application.setGlobalPrefix('api', { exclude: ['health'] });
        application.enableVersioning({ type: VersioningType.URI });
      });
      for (const [method, path] of [
        ['GET', '/api/v1/cats'],
        ['HEAD', '/api/v1/cats'],
        ['HEAD', '/api/v1/cats/head'],
        ['OPTIONS', '/api/v1/cats/options'],
        ['GET', '/api/v1/cats/'],
        ['GET', '/cats'],
        ['GET', '/api/cats'],
        ['DELETE', '/api/v1/cats'],
        ['POST', '/api/v1/unknown'],
      ] as const) {
        const { status, body } = await call(method, path);
        expect([method, path, status, body === '']).toEqual([method, path, 401, method === 'HEAD']);
      }
      expect((await call('GET', '/api/v1/cats', 'now.alice')).body).toBe('cats');
      expect((await call('POST', '/api/v1/cats', 'now.alice')).status).toBe(403);
      expect((await call('GET', '/health')).status).toBe(200);
      expect((await call('GET', '/nowhere', 'now.alice')).status).toBe(404);
    });

    test('wildcard routes and routes of several methods are asked about', async () => {
      @Controller()
      class Wild {
        @All(platform === 'Express' ? 'files/*path' : 'files/*') files() {
          return 'file';
        }
        @RequireScopes('never') @Get(['one', 'two']) both() {}
      }
      const { call } = await open(platform, { chain: demoChain() }, { controllers: [Wild] });
      expect((await call('GET', '/files/a/b')).status).toBe(401);
      expect((await call('DELETE', '/files/a/b', 'now.alice')).body).toBe('file');
      for (const path of ['/one', '/two']) expect((await call('GET', path, 'now.alice')).status).toBe(403);
    });

    test('what other modules declare when they start needs what the chain requires, and what stands in front is left alone', async () => {
      @Module({})
      class Files {
        constructor(@Inject(HttpAdapterHost) readonly host: HttpAdapterHost) {}
        onModuleInit() {
          const text = (_request: unknown, response: { send(text: string): unknown }) => void response.send('late');
          this.host.httpAdapter.getInstance().get('/late', text);
        }
      }
      @Controller('public')
      class Passing {
        @Public() @Get() get() {}
      }
      const { get } = await open(
        platform,
        { chain: demoChain() },
        { imports: [Files], controllers: [Passing] },
        (application) => {
          const text = (_request: unknown, response: { send(text: string): unknown }) => void response.send('early');
          application.getHttpAdapter().getInstance().get('/early', text);
        },
      );
      expect([(await get('/late')).status, (await get('/late', 'bad')).status]).toEqual([401, 401]);
      expect(await get('/late', 'now.alice')).toMatchObject({ status: 200, body: 'late' });
      expect(await get('/early')).toMatchObject({ status: 200, body: 'early' });
      expect((await get('/public')).status).toBe(200);
    });

    test('a rewritten request is judged as it was received, too', async () => {
      @Controller()
      class Rewritten {
        @Get('open') @Public() open() {
          return 'open';
        }
        @Get('secret') secret() {
          return 'secret';
        }
      }
      const operations = routes([route('GET', '/secret', { guards: [requireScopes('never')] })]);
      const chain = demoChain({ operations });
      const { get } = await open(platform, { chain }, { controllers: [Rewritten] }, (application) => {
        application.use((request: { url: string }, _response: unknown, next: () => void) => {
          if (request.url === '/alias') request.url = '/secret';
          if (request.url === '/secret?open') request.url = '/open';
          next();
        });
      });
      expect((await get('/secret', 'now.alice')).status).toBe(403);
      expect((await get('/alias', 'now.alice')).body).not.toBe('secret');
      expect((await get('/secret?open', 'now.alice')).status).toBe(403);
    });

    test('the container makes the chain, starts it and closes it, and its parts can be overridden', async () => {
      const told: string[] = [];
      @Injectable()
      class Directory {
        find(key: string) {
          return key === 'good' ? 'owner' : undefined;
        }
      }
      @Injectable()
      class Keys extends DemoPasswords {
        override readonly name = 'demo-passwords';
        constructor(@Inject(Directory) readonly directory: Directory) {
          super();
        }
        async start() {
          told.push('start');
        }
        async close() {
          told.push('close');
        }
      }
      @Module({ providers: [Directory, Keys], exports: [Keys] })
      class Handlers {}
      @Controller()
      class Mine {
        @Get() @Secured((handler) => handler(Keys)) get(@CurrentPrincipal() { subject }: Principal) {
          return subject;
        }
      }
      const security = SallyportModule.forRootAsync({
        imports: [Handlers],
        inject: [Keys],
        useFactory: async (handler: Keys) => ({ chain: new SecurityChain({ requirement: handler }) }),
      });
      const { get, application } = await open(platform, security, { imports: [Handlers], controllers: [Mine] });
      const basic = `Authorization: Basic ${Buffer.from('basic:secret').toString('base64')}`;
      expect(await get('/', undefined, basic)).toMatchObject({ status: 200, body: 'basic' });
      expect(told).toEqual(['start']);
      await application.close();
      expect(told).toEqual(['start', 'close']);

      const builder = Test.createTestingModule({ imports: [security, Handlers], controllers: [Mine] });
      const tested = await builder.overrideProvider(Keys).useValue(new DemoTokens()).compile();
      const overridden = await listening(tested.createNestApplication({ logger: false }));
      expect(await overridden.get('/', 'now.tester')).toMatchObject({ status: 200, body: 'tester' });
      const without = await Test.createTestingModule({ imports: [security, Handlers], controllers: [Mine] })
        .overrideProvider(SallyportGuard)
        .useValue({ canActivate: () => true })
        .compile();
      const unguarded = await listening(without.createNestApplication({ logger: false }));
      expect((await unguarded.get('/')).status).toBe(200);
    });

    test('options of one request, and wrong ones, are errors at start', async () => {
      expect(() => SallyportModule.forRoot({ chain: demoChain(), allowUngarded: true } as never)).toThrow(
        /did you mean allowUnguarded/,
      );
      const security = SallyportModule.forRootAsync({ useFactory: () => ({ chain: Promise.resolve() }) as never });
      await expect(open(platform, security, {})).rejects.toThrow(/chain must have a method decide/);
    });

    test('queries of GraphQL need what their class and method need; what came over no request is refused', async () => {
      class Resolver {
        me() {
          return 'me';
        }
        @RequireScopes('never') secret() {
          return 'secret';
        }
        @Public() open() {
          return 'open';
        }
      }
      let run: (method: keyof Resolver, type: string, request?: object) => Promise<unknown> = async () => undefined;
      @Controller()
      class Endpoint {
        constructor(@Inject(ExternalContextCreator) creator: ExternalContextCreator) {
          const resolver = new Resolver();
          run = (method, type, req) => {
            const context = creator.create(
              resolver,
              resolver[method],
              method,
              undefined,
              undefined,
              undefined,
              undefined,
              undefined,
              type,
            );
            return context({}, {}, { req }, {});
          };
        }
      }
      const { application } = await open(platform, { chain: demoChain() }, { controllers: [Endpoint] });
      const requestOf = (token?: string) => {
        const lines = token === undefined ? [] : ['Authorization', `Bearer ${token}`];
        return {
          method: 'POST',
          url: '/graphql',
          headers: {},
          rawHeaders: lines,
          socket: { server: application.getHttpServer() },
        };
      };
      expect(await run('me', 'graphql', requestOf('now.alice'))).toBe('me');
      await expect(run('me', 'graphql', requestOf())).rejects.toThrow('Forbidden');
      await expect(run('secret', 'graphql', requestOf('now.alice'))).rejects.toThrow('Forbidden');
      expect(await run('open', 'graphql', requestOf())).toBe('open');
      for (const type of ['graphql', 'rpc'])
        await expect(run('me', type)).rejects.toThrow(`SallyportGuard cannot decide about it`);
      expect(await run('open', 'rpc')).toBe('open');
    });

    test('what was refused is asked again: a guard that tries twice lets nobody in', async () => {
      const { application } = await open(platform, { chain: demoChain() }, {});
      class Resolver {
        me() {}
      }
      const req = { method: 'POST', url: '/graphql', headers: {}, rawHeaders: [], socket: { server: {} } };
      const context = {
        getType: () => 'graphql',
        getClass: () => Resolver,
        getHandler: () => Resolver.prototype.me,
        getArgByIndex: () => ({ req }),
      };
      const guard = application.get(SallyportGuard);
      const tries = [await guard.canActivate(context as never), await guard.canActivate(context as never)];
      expect(tries).toEqual([false, false]);
    });
  });
}
