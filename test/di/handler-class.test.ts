import { afterAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  container,
  inject,
  injectable,
  Lifecycle,
  registerSecurity,
  resolveChain,
  scoped,
  singleton,
  tokens,
} from '@sallyport/configuration/tsyringe';
import type { SecurityChain } from '@sallyport/core';
import {
  injectAll as injectAllOfTsyringe,
  injectable as injectableOfTsyringe,
  inject as injectOfTsyringe,
} from 'tsyringe';
import { loggingHandler } from './partner-handlers.js';

type Constructor = Parameters<ReturnType<typeof injectable>>[0];

/** Does what a compiler makes of decorators that writes no metadata about types. */
const compiled =
  (...decorators: readonly ((target: Constructor) => void)[]) =>
  <Class extends Constructor>(target: Class): Class => {
    for (const decorate of decorators) decorate(target);
    return target;
  };
const at = (position: number, decorator: ReturnType<typeof inject>) => (target: object) =>
  decorator(target, undefined, position);

const OPTIONS = at(0, inject(tokens.handlerOptions));

const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
const warnings = () => warned.mock.calls.map(([message]) => message);
beforeEach(() => void warned.mockClear());
afterAll(() => warned.mockRestore());

class Directory {}

/** A handler that keeps what it was built with. */
function handlerClass() {
  return class KeyHandler {
    readonly [name: string]: unknown;

    constructor({ name }: { name: string }, directory: unknown) {
      Object.assign(this, loggingHandler(name, []), { directory });
    }
  };
}

async function chainOf(useClass: Constructor, app = container.createChildContainer()): Promise<SecurityChain> {
  registerSecurity(app, {
    handlers: { key: { useClass: useClass as never } },
    chain: (handler) => ({ requirement: handler('key') }),
  });
  const chain = await resolveChain(app);
  await chain.close();
  return chain;
}

const builtWith = async (resolving: Promise<SecurityChain>) =>
  (await resolving).handlers.map((handler) => Reflect.get(handler, 'directory'));

describe('a parameter that would silently be undefined', () => {
  test('is refused: the error names the class and the position', async () => {
    const KeyHandler = compiled(OPTIONS, injectable())(handlerClass());
    await expect(chainOf(KeyHandler)).rejects.toMatchObject({
      code: 'ERR_SALLYPORT_REGISTRATION_INVALID',
      message: expect.stringMatching(
        /handler\/key cannot be built: parameter 1 \(from 0\) of the constructor of KeyHandler would be undefined.*@inject/,
      ),
    });
  });

  test('is refused also between others, and in front of them', async () => {
    const last = compiled(at(1, inject(Directory)), injectable())(handlerClass());
    await expect(chainOf(last)).rejects.toThrow(/parameter 0/);
  });

  test('is refused also with the decorators of tsyringe itself', async () => {
    const KeyHandler = compiled(at(0, injectOfTsyringe(tokens.handlerOptions)), injectableOfTsyringe())(handlerClass());
    await expect(chainOf(KeyHandler)).rejects.toThrow(/parameter 1/);
  });

  test('is refused in a collaborator', async () => {
    const Lookup = compiled(
      at(0, inject(tokens.clock)),
      injectable(),
    )(
      class Lookup {
        constructor(
          readonly clock: unknown,
          readonly directory: unknown,
        ) {}
      },
    );
    const KeyHandler = compiled(OPTIONS, at(1, inject(Lookup)), injectable())(handlerClass());
    await expect(chainOf(KeyHandler)).rejects.toThrow(/parameter 1 \(from 0\) of the constructor of Lookup/);
  });

  test('is only warned of, and once, in a collaborator that something else may stand for', async () => {
    const Pool = compiled(
      at(0, inject(tokens.clock)),
      scoped(Lifecycle.ContainerScoped),
    )(
      class Pool {
        constructor(
          readonly clock: unknown,
          readonly size: unknown,
        ) {}
      },
    );
    const KeyHandler = compiled(OPTIONS, at(1, inject(Pool)), injectable())(handlerClass());
    await chainOf(KeyHandler);
    const app = container.createChildContainer();
    const instead = {};
    app.register<object>(Pool, { useValue: instead });
    expect(await builtWith(chainOf(KeyHandler, app))).toEqual([instead]);
    expect(warnings()).toEqual([expect.stringMatching(/parameter 1 \(from 0\) of the constructor of Pool.*@inject/)]);
  });
});

describe('nothing is wrong, and nothing is warned of', () => {
  test.each<[string, ReturnType<typeof handlerClass>]>([
    [
      'where every parameter has a decorator',
      compiled(OPTIONS, at(1, inject(Directory)), injectable())(handlerClass()),
    ],
    [
      'where the decorators are those of tsyringe itself',
      compiled(
        at(0, injectOfTsyringe(tokens.handlerOptions)),
        at(1, injectAllOfTsyringe(tokens.decisionListener, { isOptional: true })),
        injectableOfTsyringe(),
      )(handlerClass()),
    ],
    [
      'where the compiler wrote the types',
      compiled(
        (target) => Reflect.defineMetadata('design:paramtypes', [Object, Directory], target),
        OPTIONS,
        injectable(),
      )(handlerClass()),
    ],
  ])('%s', async (_where, KeyHandler) => {
    expect(await builtWith(chainOf(KeyHandler))).toEqual([expect.anything()]);
    expect(warnings()).toEqual([]);
  });

  test('where a parameter has a default', async () => {
    const KeyHandler = compiled(
      OPTIONS,
      injectable(),
    )(
      class extends handlerClass() {
        constructor(options: { name: string }, directory = 'default') {
          super(options, directory);
        }
      },
    );
    expect(await builtWith(chainOf(KeyHandler))).toEqual(['default']);
    expect(warnings()).toEqual([]);
  });

  test('where a collaborator with parameters was registered as a value', async () => {
    class Sized {
      constructor(readonly size: number) {}
    }
    const KeyHandler = compiled(OPTIONS, at(1, inject(Sized)), injectable())(handlerClass());
    const app = container.createChildContainer();
    app.register(Sized, { useValue: new Sized(3) });
    expect(await builtWith(chainOf(KeyHandler, app))).toEqual([{ size: 3 }]);
    expect(warnings()).toEqual([]);
  });
});

test('a class of whose parameters nothing is known here is warned of once, though the container builds it', async () => {
  const KeyHandler = compiled(OPTIONS, at(1, inject(Directory)), singleton())(handlerClass());
  for (const key of Reflect.getOwnMetadataKeys(KeyHandler)) Reflect.deleteMetadata(key, KeyHandler);
  await chainOf(KeyHandler);
  await chainOf(KeyHandler);
  expect(warnings()).toEqual([
    expect.stringMatching(/the constructor of KeyHandler has parameters, and nothing names them/),
  ]);
});
