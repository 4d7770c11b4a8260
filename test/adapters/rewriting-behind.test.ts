import { createServer } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { expressSecurity } from '@sallyport/adapters/express';
import { fastifySecurity } from '@sallyport/adapters/fastify';
import { httpSecurity } from '@sallyport/adapters/http';
import { koaSecurity } from '@sallyport/adapters/koa';
import { anonymous, onDecision, route, routes, type SecurityChain } from '@sallyport/core';
import express from 'express';
import Fastify from 'fastify';
import Koa from 'koa';
import { demoChain } from './demo-chain.js';
import { type DemoServer, listening } from './demo-servers.js';
import { ask, requestText } from './raw-client.js';
import { rewritingChain, withoutFirstSegment } from './rewriting/row.js';

const express4: typeof express = require('express4');
const Koa2: typeof Koa = require('koa2');
const koaCompose: (middleware: readonly Koa.Middleware[]) => Koa.Middleware = require('koa-compose');

let server: DemoServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function answerTo(target: string, method = 'GET', ...lines: string[]): Promise<string> {
  const { status, body } = await ask(
    server?.port ?? 0,
    'http',
    requestText(method, target, ['Connection: close', ...lines]),
  );
  return status === 200 ? body : String(status);
}

const PREFLIGHT = ['Origin: https://a.example', 'Access-Control-Request-Method: PUT'];
const BOB = 'Authorization: Bearer now.bob';

/** How often a chain was asked. */
async function decisionsWhile(run: () => Promise<unknown>): Promise<number> {
  let decisions = 0;
  const stop = onDecision(() => {
    decisions += 1;
  });
  try {
    await run();
  } finally {
    stop();
  }
  return decisions;
}

describe.each([
  ['Express 4', express4],
  ['Express 5', express],
])('%s: what runs behind a rewriting', (_name, framework) => {
  const answer: express.RequestHandler = (request, response) => void response.send(`ran ${request.method}`);
  const strip: express.RequestHandler = (request, _response, next) => {
    request.url = withoutFirstSegment(request.url);
    next();
  };
  const override: express.RequestHandler = (request, _response, next) => {
    request.method = request.get('x-http-method-override') ?? request.method;
    next();
  };

  async function open(chain: SecurityChain, mount: (app: express.Express) => void, allowPreflight = false) {
    const app = framework();
    app.use(expressSecurity(chain, { allowPreflight })());
    mount(app);
    server = await listening(createServer(app));
  }

  test('is decided between two rewritings, too', async () => {
    await open(rewritingChain(), (app) => app.use(strip, strip, answer));
    expect(await answerTo('/open/open/open')).toBe('ran GET');
    expect(await answerTo('/open/between/open')).toBe('401');
  });

  test('of a request that was handed to the application again is asked by the path that runs there', async () => {
    const operations = ['/m/open/things', '/open/things', '/things'].map((path) =>
      route('GET', path, { requirement: anonymous() }),
    );
    const app = framework();
    // Once: what is handed over is below the mount again otherwise.
    app.use('/m', (request, response, next) => {
      if (request.url === '/open/things') Reflect.apply(Reflect.get(app, 'handle'), app, [request, response, next]);
      else next();
    });
    app.use(expressSecurity(demoChain({ operations: routes(operations) }))(), strip, answer);
    server = await listening(createServer(app));
    expect(await answerTo('/m/open/things')).toBe('ran GET');
    expect(await answerTo('/m/things')).toBe('401');
  });

  test('is not asked where it handles an error', async () => {
    const fail: express.RequestHandler = (request, _response, next) => {
      request.url = '/scoped';
      next(new Error('broken'));
    };
    const onError: express.ErrorRequestHandler = (error, _request, response, _next) =>
      void response.status(200).send(error.message);
    await open(rewritingChain(), (app) => app.use(fail, answer, onError));
    expect(await answerTo('/open')).toBe('broken');
  });

  test('is decided for a preflight that was let through and became another request', async () => {
    await open(rewritingChain(), (app) => app.use(override, answer), true);
    expect(await answerTo('/things', 'OPTIONS', ...PREFLIGHT)).toBe('ran OPTIONS');
    expect(await answerTo('/things', 'OPTIONS', ...PREFLIGHT, 'X-HTTP-Method-Override: DELETE')).toBe('401');
  });

  test('is asked once where nothing was rewritten, whatever is mounted', async () => {
    const pass: express.RequestHandler = (_request, _response, next) => next();
    await open(rewritingChain(), (app) => {
      app.use(pass).use('/m', pass, framework.Router().use('/token', pass).use(pass));
      app.use('/m', framework().use(pass).get('/token', pass)).use('/m/token', pass).use(answer);
    });
    for (const target of ['/m/token', '/m/token?a=b', '/token', '/m/token/a'])
      expect(await decisionsWhile(async () => expect(await answerTo(target, 'GET', BOB)).toBe('ran GET'))).toBe(1);
  });
});

describe.each([
  ['Koa 2', Koa2],
  ['Koa 3', Koa],
])('%s: what runs behind a rewriting', (_name, framework) => {
  const answer: Koa.Middleware = (context) => {
    context.body = `ran ${context.method}`;
  };
  const strip: Koa.Middleware = (context, next) => {
    context.path = withoutFirstSegment(context.path);
    return next();
  };
  const override: Koa.Middleware = (context, next) => {
    context.method = context.get('x-http-method-override') || context.method;
    return next();
  };

  async function open(allowPreflight: boolean, ...behind: Koa.Middleware[]) {
    const app = new framework();
    app.silent = true;
    app.use(koaSecurity(rewritingChain(), { allowPreflight })());
    for (const middleware of behind) app.use(middleware);
    server = await listening(createServer(app.callback()));
  }

  test('is decided between two rewritings, too', async () => {
    await open(false, strip, strip, answer);
    expect(await answerTo('/open/open/open')).toBe('ran GET');
    expect(await answerTo('/open/between/open')).toBe('401');
  });

  test('is decided for a preflight that was let through and became another request', async () => {
    await open(true, override, answer);
    expect(await answerTo('/things', 'OPTIONS', ...PREFLIGHT)).toBe('ran OPTIONS');
    expect(await answerTo('/things', 'OPTIONS', ...PREFLIGHT, 'X-HTTP-Method-Override: DELETE')).toBe('401');
  });

  test('is asked once where nothing was rewritten', async () => {
    await open(false, (_context, next) => next(), answer);
    expect(await decisionsWhile(async () => expect(await answerTo('/token', 'GET', BOB)).toBe('ran GET'))).toBe(1);
  });

  test('runs as Koa runs it: once, in order, and in front of what is left unanswered', async () => {
    const seen: string[] = [];
    await open(
      false,
      async (context, next) => {
        seen.push('in');
        await next();
        seen.push(`out ${context.status}`);
        await expect(next()).rejects.toThrow('next() called multiple times');
      },
      (_context, next) => next(),
    );
    expect(await answerTo('/open')).toBe('404');
    expect(seen).toEqual(['in', 'out 404']);
  });

  test('answers with the error that it throws', async () => {
    await open(false, (context) => context.throw(418));
    expect(await answerTo('/open')).toBe('418');
  });

  test('is the same of a part where one secure() also stands in front of the application', async () => {
    const app = new framework();
    const secured = koaSecurity(rewritingChain())();
    const part: Koa.Middleware = (context: Koa.Context & { mountPath?: string }, next) => {
      if (!context.path.startsWith('/m/')) return next();
      context.mountPath = '/m';
      return secured(context as never, async () => answer(context as never, next));
    };
    app.use(part).use(secured).use(strip);
    server = await listening(createServer(app.callback()));
    expect(await answerTo('/m/open')).toBe('ran GET');
  });
});

test('Koa 3: an application with a compose of its own runs its middleware itself', async () => {
  const seen: string[] = [];
  const traced = (middleware: readonly Koa.Middleware[]) =>
    koaCompose(
      middleware.map((each) => (context, next) => {
        seen.push(each.name);
        return each(context, next);
      }),
    );
  const app = new Koa({ compose: traced } as object);
  app.use(koaSecurity(rewritingChain())()).use(function answering(context) {
    context.body = 'ran';
  });
  server = await listening(createServer(app.callback()));
  expect(await answerTo('/open')).toBe('ran');
  expect(seen).toEqual(['sallyport', 'answering']);
});

describe('where the framework tells nothing of what runs behind a rewriting', () => {
  test('Fastify: the route that was chosen stays the one that is decided and runs', async () => {
    const app = Fastify();
    app.register(fastifySecurity(rewritingChain()).plugin).after(() => {
      app.addHook('preHandler', async ({ raw }) => {
        raw.url = '/scoped';
        raw.method = 'DELETE';
      });
      app.get('/open', async ({ routeOptions }) => `ran ${routeOptions.method} ${routeOptions.url}`);
      app.get('/scoped', async () => 'never');
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    server = { port: (app.server.address() as { port: number }).port, close: () => app.close() };
    expect(await answerTo('/open')).toBe('ran GET /open');
    expect(await answerTo('/scoped')).toBe('401');
  });

  test('node:http: a listener that rewrites and chooses by itself secures what it chooses by itself', async () => {
    const secure = httpSecurity(rewritingChain());
    const scoped = secure((_request, response) => void response.end('ran scoped'));
    const listener = (isSecuredAgain: boolean) =>
      secure((request, response) => {
        request.url = withoutFirstSegment(request.url ?? '');
        if (isSecuredAgain) scoped(request, response);
        else response.end(`ran ${request.url}`);
      });
    server = await listening(createServer(listener(false)));
    expect(await answerTo('/open/scoped')).toBe('ran /scoped');
    await server.close();
    server = await listening(createServer(listener(true)));
    expect(await answerTo('/open/scoped')).toBe('401');
  });
});
