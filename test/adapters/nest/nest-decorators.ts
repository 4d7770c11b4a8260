import { afterEach, describe, expect, test } from '@jest/globals';
import { type CanActivate, Controller, Get, Global, Inject, Module, type Type, UseGuards } from '@nestjs/common';
import { APP_GUARD, HttpAdapterHost } from '@nestjs/core';
import {
  AuthGuard,
  Guarded,
  Public,
  RequireScopes,
  SallyportGuard,
  SallyportModule,
  Secured,
} from '@sallyport/adapters/nest';
import { denied, headerHandler } from '@sallyport/core';
import { demoChain } from '../demo-chain.js';
import { closeAll, open, PLATFORMS } from './nest-applications.js';

const keys = headerHandler({
  name: 'keys',
  header: 'X-Key',
  verify: (key) => (key === 'good' ? { subject: 'key-holder' } : denied('key_unknown')),
});
const KEY = 'X-Key: good';

/** Copies members as the handbook of TypeScript does, constructors too if they are asked for. */
function mix(target: Type, source: Type, leftOut: readonly string[] = ['constructor']): void {
  for (const name of Object.getOwnPropertyNames(source.prototype))
    if (!leftOut.includes(name))
      Object.defineProperty(target.prototype, name, Object.getOwnPropertyDescriptor(source.prototype, name) ?? {});
}

/** Puts a function of its own in the place of a method, and tells it nothing. */
const replacing: MethodDecorator = (_target, _key, descriptor: PropertyDescriptor) => {
  const { value } = descriptor;
  descriptor.value = function (...given: unknown[]) {
    return value.apply(this, given);
  };
};

/** What decorators say is asked, wherever they stand and whatever is done with their methods. Otherwise nothing starts. */
export function nestDecorators(version: number): void {
  afterEach(closeAll);

  describe.each(PLATFORMS)(`decorators in Nest ${version} on %s`, (platform) => {
    const starting = (controller: Type, allowUnguarded = false, providers: Type[] = []) =>
      open(
        platform,
        { chain: demoChain(), handlers: [keys], allowUnguarded },
        { controllers: [controller], providers },
      );

    describe('an AuthGuard() nearer than what holds is an error at start', () => {
      class Named extends AuthGuard('keys') {}

      test.each([
        ['of a name', AuthGuard('keys')],
        ['without names', AuthGuard()],
        ['that is extended', Named],
      ])('a guard %s at a method, below @Public() of its class', async (_name, guard) => {
        @Controller('open')
        @Public()
        class Open {
          @Get('d') @UseGuards(guard) d() {}
        }
        for (const allowUnguarded of [false, true])
          await expect(starting(Open, allowUnguarded)).rejects.toThrow(
            /Open\.d\(\) has an AuthGuard\(\) nearer than the @Secured\(\) or @Public\(\) of Open/,
          );
      });

      test('below @Secured() of its class, and at a class below what it extends', async () => {
        @Controller('keyed')
        @Secured(keys)
        @UseGuards(AuthGuard('demo-tokens'))
        class Keyed {
          @Get('d') @UseGuards(AuthGuard('demo-tokens')) d() {}
        }
        await expect(starting(Keyed)).rejects.toThrow(/Keyed\.d\(\) has an AuthGuard/);

        @Public()
        class Base {
          @Get('d') d() {}
        }
        @Controller('below')
        @UseGuards(AuthGuard('keys'))
        class Below extends Base {}
        await expect(starting(Below)).rejects.toThrow(/Below\.d\(\) has an AuthGuard.* of Base/);
      });

      test('at a resolver, too', async () => {
        @Controller('plain')
        class Plain {}
        @Public()
        class Resolver {
          @UseGuards(AuthGuard('keys')) me() {}
        }
        await expect(starting(Plain, false, [Resolver])).rejects.toThrow(/Resolver\.me\(\) has an AuthGuard/);
      });

      test('beside it and farther away, the decorator holds', async () => {
        @UseGuards(AuthGuard('demo-tokens'))
        class Base {
          @Get('inherited') inherited() {}
        }
        @Controller('mixed')
        @Public()
        class Mixed extends Base {
          @Get('beside') @UseGuards(AuthGuard('demo-tokens')) @Secured(keys) beside() {}
        }
        const { get } = await starting(Mixed);
        expect((await get('/mixed/inherited')).status).toBe(200);
        expect((await get('/mixed/beside', 'now.alice')).status).toBe(401);
        expect((await get('/mixed/beside', undefined, KEY)).status).toBe(200);
      });
    });

    describe('with allowUnguarded, what decorators ask for without a guard is an error at start', () => {
      test.each([
        ['@Secured()', Secured(keys)],
        ['@RequireScopes()', RequireScopes('orders:read')],
        ['@Guarded()', Guarded(() => true)],
      ])('%s at a method, and at a class', async (_name, decorator) => {
        @Controller('d')
        class OfMethod {
          @Get('x') @decorator x() {}
        }
        await expect(starting(OfMethod, true)).rejects.toThrow(/OfMethod\.x\(\) asks for something/);

        @Controller('d')
        @decorator
        class OfClass {
          @Get('x') x() {}
        }
        await expect(starting(OfClass, true)).rejects.toThrow(/OfClass\.x\(\) asks for something/);
      });

      test('at a resolver, too', async () => {
        @Controller('plain')
        class Plain {}
        class Resolver {
          @RequireScopes('never') me() {}
        }
        await expect(starting(Plain, true, [Resolver])).rejects.toThrow(/Resolver\.me\(\) asks for something/);
      });

      test('a guard at the method, at the class or everywhere is one; public methods and others need none', async () => {
        @Controller('d')
        @RequireScopes('orders:read')
        class Some {
          @Get('x') @UseGuards(SallyportGuard) x() {}
          @Get('open') @Public() open() {}
          ownBusiness() {}
        }
        const { get } = await starting(Some, true);
        expect([(await get('/d/x')).status, (await get('/d/x', 'now.alice')).status]).toEqual([401, 200]);
        expect((await get('/d/open')).status).toBe(200);

        @Controller('d')
        @UseGuards(AuthGuard('keys'))
        class All {
          @Get('x') @RequireScopes('never') x() {}
        }
        const { get: ofClass } = await starting(All, true);
        expect((await ofClass('/d/x', undefined, KEY)).status).toBe(403);

        class Everywhere extends SallyportGuard implements CanActivate {}
        @Controller('d')
        class None {
          @Get('x') @RequireScopes('never') x() {}
        }
        const options = { chain: demoChain(), allowUnguarded: true };
        const providers = [{ provide: APP_GUARD, useClass: Everywhere }];
        const { get: anywhere } = await open(platform, options, { controllers: [None], providers });
        expect((await anywhere('/d/x', 'now.alice')).status).toBe(403);
      });
    });

    describe('a route whose decorators stay behind is an error at start', () => {
      class Mixin {
        @Get('purge') @RequireScopes('never') @Secured(keys) purge() {}
        @Get('replaced') @replacing @RequireScopes('never') replaced() {}
      }
      const elsewhere = /\(\) runs a function that has its decorators at another method/;

      test.each(['purge', 'replaced'])('a method copied from another class (%s)', async (name) => {
        @Controller('b')
        class Mixed {}
        mix(Mixed, Mixin, ['constructor', ...['purge', 'replaced'].filter((each) => each !== name)]);
        for (const allowUnguarded of [false, true])
          await expect(starting(Mixed, allowUnguarded)).rejects.toThrow(elsewhere);
      });

      test.each([
        ['@Secured()', Secured(keys)],
        ['@RequireScopes()', RequireScopes('never')],
        ['@Guarded()', Guarded(() => false)],
      ])('a method copied from a class that has decorators itself: %s', async (_name, decorator) => {
        @decorator
        class Source {
          @Get('x') x() {}
          @Get('y') @replacing y() {}
        }
        for (const name of ['x', 'y']) {
          @Controller('b')
          class Mixed {}
          mix(Mixed, Source, ['constructor', ...['x', 'y'].filter((each) => each !== name)]);
          for (const allowUnguarded of [false, true])
            await expect(starting(Mixed, allowUnguarded)).rejects.toThrow(elsewhere);
        }
      });

      test('a method copied with decorators of its new place, or under another name', async () => {
        class Source {
          @Get('x') @RequireScopes('never') x() {}
        }
        @Controller('b')
        class Again {}
        mix(Again, Source);
        const descriptor = Object.getOwnPropertyDescriptor(Again.prototype, 'x') as PropertyDescriptor;
        Guarded(() => true)(Again.prototype, 'x', descriptor);
        await expect(starting(Again)).rejects.toThrow(elsewhere);

        const sign = Symbol('x');
        @Controller('b')
        class Renamed {
          @Get('y') @RequireScopes('never') [sign]() {}
        }
        Object.defineProperty(Renamed.prototype, 'y', { value: Renamed.prototype[sign] });
        const { get } = await starting(Renamed);
        expect((await get('/b/y', 'now.alice')).status).toBe(403);
      });

      test('an inherited method put into a class that extends, and a function around it', async () => {
        class Base {
          @Get('x') @RequireScopes('never') x() {}
        }
        for (const around of [Base.prototype.x, Object.setPrototypeOf(() => undefined, Base.prototype.x)]) {
          @Controller('b')
          class Below extends Base {}
          Object.defineProperty(Below.prototype, 'x', { value: around });
          await expect(starting(Below)).rejects.toThrow(elsewhere);
        }
      });

      test('one function at two methods with decorators', async () => {
        const one = () => 'one';
        const putting: MethodDecorator = (_target, _key, descriptor: PropertyDescriptor) => {
          descriptor.value = one;
        };
        @Controller('plain')
        class Plain {}
        class Twice {
          @putting @RequireScopes('orders:read') x() {}
          @putting @RequireScopes('never') y() {}
        }
        await expect(starting(Plain, false, [Twice])).rejects.toThrow(elsewhere);
      });

      test('a class whose prototype has the constructor of another one', async () => {
        class Source {
          @Get('x') x() {}
        }
        @Controller('b')
        @RequireScopes('never')
        class Mixed {}
        mix(Mixed, Source, []);
        await expect(starting(Mixed)).rejects.toThrow(/Mixed has the constructor of another class in its prototype/);
      });

      test('a resolver, too', async () => {
        @Controller('plain')
        class Plain {}
        class Resolver {}
        mix(Resolver, Mixin);
        await expect(starting(Plain, false, [Resolver])).rejects.toThrow(elsewhere);
      });
    });

    test('what global modules declare when they start is behind the chain, in whatever order they are imported', async () => {
      const text = (_request: unknown, response: { send(text: string): unknown }) => void response.send('declared');
      const declaring = (path: string) => {
        @Global()
        @Module({})
        class Declaring {
          constructor(@Inject(HttpAdapterHost) readonly host: HttpAdapterHost) {}
          onModuleInit() {
            this.host.httpAdapter.getInstance().get(path, text);
          }
        }
        return Declaring;
      };
      const security = SallyportModule.forRoot({ chain: demoChain() });
      class Ordered {}
      const imports = [declaring('/before'), security, declaring('/behind')];
      const { get } = await open(platform, { module: Ordered, imports }, {});
      for (const path of ['/before', '/behind']) {
        expect((await get(path)).status).toBe(401);
        expect(await get(path, 'now.alice')).toMatchObject({ status: 200, body: 'declared' });
      }
    });

    test('a chain starts when all modules have started', async () => {
      const told: string[] = [];
      @Global()
      @Module({})
      class Connections {
        onModuleInit() {
          told.push('connected');
        }
      }
      const chain = Object.assign(demoChain(), { start: async () => void told.push('chain') });
      await open(platform, { chain }, { imports: [Connections] });
      expect(told).toEqual(['connected', 'chain']);
    });
  });
}
