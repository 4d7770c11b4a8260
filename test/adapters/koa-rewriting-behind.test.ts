import { createServer } from 'node:http';
import { inspect } from 'node:util';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { koaSecurity, principalOf } from '@sallyport/adapters/koa';
import { anonymous, onDecision, SecurityChain } from '@sallyport/core';
import Koa from 'koa';
import { type DemoServer, listening } from './demo-servers.js';
import { ask, requestText } from './raw-client.js';
import {
  answer,
  compose,
  mounted,
  override,
  proxy,
  Router,
  readingAnswer,
  stripPath,
} from './rewriting/koa-middleware.js';
import { rewritingChain } from './rewriting/row.js';

const Koa2: typeof Koa = require('koa2');

let server: DemoServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
  jest.restoreAllMocks();
});

async function answerTo(target: string, method = 'GET', ...lines: string[]) {
  return ask(server?.port ?? 0, 'http', requestText(method, target, ['Connection: close', ...lines]));
}

async function statusTo(target: string, method = 'GET', ...lines: string[]): Promise<number> {
  return (await answerTo(target, method, ...lines)).status;
}

const BOB = 'Authorization: Bearer now.bob';
const isAboutDenial = (line: string) => /^(?:www-authenticate|cache-control|content-\w+):/i.test(line);
const LATER = 'Authorization: Bearer later.alice';
const TO_DELETE = 'X-HTTP-Method-Override: DELETE';

describe.each([
  ['Koa 2', Koa2],
  ['Koa 3', Koa],
])('%s: a request that is rewritten behind secure()', (_name, framework) => {
  const secure = () => koaSecurity(rewritingChain())();

  async function open(...middleware: Koa.Middleware[]): Promise<Koa> {
    const app = new framework();
    app.silent = true;
    for (const each of middleware) app.use(each);
    server = await listening(createServer(app.callback()));
    return app;
  }

  const pass: Koa.Middleware = (_context, next) => next();

  describe('reading', () => {
    test('judges what was written together: the method and the path', async () => {
      await open(
        secure(),
        (context, next) => {
          context.method = 'GET';
          context.path = '/open';
          return next();
        },
        readingAnswer,
      );
      // A GET of /things is no operation.
      expect(await statusTo('/things', 'PUT')).toBe(200);
    });

    test('refuses as secure() does: with its headers and its body, and by onDenied', async () => {
      await open(secure(), stripPath, readingAnswer);
      const rewritten = await answerTo('/open/scoped');
      const direct = await answerTo('/scoped');
      expect(rewritten.status).toBe(401);
      expect(rewritten.body).toBe(direct.body);
      expect(rewritten.lines.filter(isAboutDenial)).toEqual(direct.lines.filter(isAboutDenial));
      expect(rewritten.lines.filter(isAboutDenial).length).toBeGreaterThan(3);
      await server?.close();
      const onDenied = (_denied: unknown, context: Koa.Context) => context.redirect('/login');
      await open(koaSecurity(rewritingChain(), { onDenied })(), stripPath, readingAnswer);
      expect((await answerTo('/open/scoped')).lines).toContainEqual(expect.stringMatching(/^location: \/login$/i));
    });

    test.each(['url', 'path', 'method', 'querystring', 'search', 'query', 'fresh', 'idempotent'] as const)(
      'is every way in which Koa tells what runs: ctx.%s',
      async (name) => {
        let isRead = false;
        await open(secure(), stripPath, (context) => {
          void (name in context ? context : context.request)[name as 'url'];
          isRead = true;
        });
        expect(await statusTo('/open/scoped')).toBe(401);
        expect(isRead).toBe(false);
      },
    );

    test('gives what was granted to who catches the refusal, and the error is one of HTTP', async () => {
      const seen: unknown[] = [];
      await open(
        secure(),
        async (context, next) => {
          try {
            await next();
          } catch (error) {
            const { status, expose, headers } = error as { status: number; expose: boolean; headers: object };
            seen.push(status, expose, Object.keys(headers), context.url, context.path, context.method);
            context.body = 'caught';
          }
        },
        override,
        stripPath,
        readingAnswer,
      );
      expect((await answerTo('/open/scoped', 'GET', 'X-HTTP-Method-Override: POST')).body).toBe('caught');
      expect(seen).toEqual([
        401,
        true,
        expect.arrayContaining(['www-authenticate']),
        '/open/scoped',
        '/open/scoped',
        'GET',
      ]);
    });

    test('waits for no decision: it is 500, and one warning says what to do; a refusal is known in time', async () => {
      const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
      await open(secure(), stripPath, readingAnswer);
      expect(await statusTo('/open/scoped', 'GET', LATER)).toBe(500);
      expect(await statusTo('/open/scoped', 'GET', LATER)).toBe(500);
      expect(await statusTo('/open/scoped', 'GET', 'Authorization: Bearer later.bob')).toBe(403);
      expect(warn.mock.calls).toEqual([[expect.stringContaining('Rewrite in front of secure()'), 'SallyportWarning']]);
    });

    test('finds the principal of what runs', async () => {
      await open(secure(), stripPath, (context) => {
        context.body = `${context.path} ${principalOf(context).subject} ${context.state['user']?.subject}`;
      });
      expect((await answerTo('/open/token', 'GET', BOB)).body).toBe('/token bob bob');
    });

    test('is not led astray by the path that Koa keeps of the URL parsed', async () => {
      await open(
        secure(),
        (context, next) => {
          context.path = '/scoped';
          context.url = '/open';
          return next();
        },
        readingAnswer,
      );
      expect((await answerTo('/open')).body).toBe('/open ran');
    });

    test('decides nothing anew for what was granted already', async () => {
      let decisions = 0;
      const stop = onDecision(() => {
        decisions += 1;
      });
      await open(
        secure(),
        pass,
        mounted('/m', mounted('/token', readingAnswer), pass),
        mounted('/m', pass),
        readingAnswer,
      );
      expect((await answerTo('/m/token/a?b=c', 'GET', BOB)).body).toBe('/a ran');
      expect((await answerTo('/m/token', 'GET', BOB)).body).toBe('/ ran');
      expect((await answerTo('/m/open', 'GET')).body).toBe('/m/open ran');
      stop();
      expect(decisions).toBe(3);
    });

    test('does not take a written mountPath alone for a mount', async () => {
      await open(
        secure(),
        (context: Koa.Context & { mountPath?: string }, next) => {
          context.mountPath = '/open';
          expect(context.path).toBe('/open/scoped');
          return next();
        },
        stripPath,
        readingAnswer,
      );
      expect(await statusTo('/open/scoped')).toBe(401);
    });

    test('knows the request of Node that was put in the place of another', async () => {
      await open(
        secure(),
        ({ request }, next) => {
          request.req = Object.assign(Object.create(request.req), { url: '/scoped' });
          return next();
        },
        readingAnswer,
      );
      expect(await statusTo('/open')).toBe(401);
    });

    test('is decided where something in front set a default answer, and secure() was only asked to let in', async () => {
      const secured = secure();
      await open(
        (context, next) => {
          context.body = 'default';
          return next();
        },
        async (context, next) => {
          await secured(context, async () => {});
          return next();
        },
        stripPath,
        readingAnswer,
      );
      expect(await statusTo('/open/scoped')).toBe(401);
    });

    test('is decided behind a secure() that was called in a compose of its own', async () => {
      const guards = compose([secure(), pass]);
      await open(
        async (context, next) => {
          await guards(context, async () => {});
          return next();
        },
        stripPath,
        readingAnswer,
      );
      expect(await statusTo('/open/scoped')).toBe(401);
    });

    test('takes a rewriting inside mounts for one below all of them', async () => {
      const toOpen: Koa.Middleware = (context, next) => {
        context.path = '/open';
        return next();
      };
      await open(secure(), mounted('/m', mounted('/token', toOpen, readingAnswer)));
      // It is /m/token/open, which needs a token.
      expect(await statusTo('/m/token/a')).toBe(401);
      expect((await answerTo('/m/token/a', 'GET', BOB)).body).toBe('/open ran');
    });

    test('decides a method that was overridden in a mounted application, also behind that', async () => {
      await open(
        secure(),
        mounted('/things', (context, next) => {
          context.method = 'GET';
          context.path = '/';
          return next();
        }),
        readingAnswer,
      );
      expect(await statusTo('/things', 'PUT')).toBe(401);
    });
  });

  describe('on the way back', () => {
    test('a logger in front of secure() reads what was granted, and no answer changes', async () => {
      const seen: string[] = [];
      const logger: Koa.Middleware = async (context, next) => {
        await next();
        seen.push(`${context.status} ${context.method} ${context.url} ${inspect(context).length > 0}`);
      };
      await open(logger, secure(), logger, stripPath, readingAnswer);
      expect(await statusTo('/open/scoped')).toBe(401);
      expect(await statusTo('/open/open')).toBe(200);
      expect(seen).toEqual(['401 GET /open/scoped true', '200 GET /open true', '200 GET /open true']);
    });

    test('who restores a URL that only secure() did not see gets no error', async () => {
      jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
      const seen: string[] = [];
      await open(
        async (context, next) => {
          await next();
          seen.push(context.method);
          seen.push(context.url);
        },
        async (context, next) => {
          const { url } = context;
          context.url = '/open';
          await next();
          context.url = url;
        },
        koaSecurity(rewritingChain(), { allowRewriting: true })(),
        readingAnswer,
      );
      expect((await answerTo('/unknown')).body).toBe('/open ran');
      expect(seen).toEqual(['GET', '/unknown']);
    });

    test('what stands in front of secure() rewrites and runs what it likes, once secure() has answered', async () => {
      const fallback: Koa.Middleware = async (context, next) => {
        await next();
        if (context.status !== 404) return;
        context.path = '/scoped';
        readingAnswer(context, next);
      };
      await open(fallback, secure(), (context) => {
        context.status = 404;
      });
      expect((await answerTo('/open')).body).toBe('/scoped ran');
    });

    test('what stands behind one secure() and in front of another one does not', async () => {
      const fallback: Koa.Middleware = async (context, next) => {
        await next();
        context.path = '/scoped';
        return readingAnswer(context, next);
      };
      const secured = secure();
      await open(secure(), fallback, secure(), answer);
      expect(await statusTo('/open')).toBe(401);
      await server?.close();
      await open(secured, fallback, secured, answer);
      expect(await statusTo('/open')).toBe(401);
    });

    test('an error of the application stays the error, whatever was rewritten in front of it', async () => {
      const seen: unknown[] = [];
      await open(
        async (context, next) => {
          await next().catch((error: Error) => seen.push(error.message, context.path));
          context.status = 418;
        },
        secure(),
        stripPath,
        () => {
          throw new Error('broken');
        },
      );
      expect(await statusTo('/open/scoped')).toBe(418);
      expect(seen).toEqual(['broken', '/open/scoped']);
    });

    test('a second secure() that refuses leaves its answer to who reads on', async () => {
      const seen: string[] = [];
      const logger: Koa.Middleware = async (context, next) => {
        await next();
        seen.push(`${context.status} ${context.url}`);
      };
      const onDenied = (_denied: unknown, context: Koa.Context) => {
        context.status = 418;
      };
      await open(secure(), logger, stripPath, koaSecurity(rewritingChain(), { onDenied })(), answer);
      expect(await statusTo('/open/scoped')).toBe(418);
      expect(seen).toEqual(['418 /open/scoped']);
    });

    test.each([
      ['was answered', 200, answer],
      ['nobody answered', 404, pass],
    ])('a mounted application that passed a request on reads on, where that %s', async (_name, status, behind) => {
      const logger: Koa.Middleware = async (context, next) => {
        await next();
        context.set('x-method', context.method);
      };
      await open(secure(), mounted('/m', mounted('/open', logger), logger), behind);
      const answered = await answerTo('/m/open/scoped');
      expect(answered.status).toBe(status);
      expect(answered.lines).toContainEqual(expect.stringMatching(/^x-method: GET$/i));
    });

    test('the path inside an application that passed a request on is not granted to who writes it unread', async () => {
      const seen: string[] = [];
      const toScoped: Koa.Middleware = (context, next) => {
        context.path = '/scoped';
        return next();
      };
      await open(secure(), mounted('/open', pass), toScoped, (context) => {
        seen.push(context.path);
        context.body = 'ran';
      });
      expect(await statusTo('/open/scoped')).toBe(401);
      expect(seen).toEqual(['/open/scoped']);
    });

    test('a prefix that was stripped behind an application mounted there is refused, whatever was answered', async () => {
      const seen: string[] = [];
      await open(secure(), mounted('/open', pass), stripPath, (context) => {
        seen.push(context.path);
        context.body = 'ran';
      });
      expect(await statusTo('/open/scoped')).toBe(401);
      expect(seen).toEqual(['/open/scoped']);
    });

    test('a listener to the end of the response gets no error', async () => {
      const seen: string[] = [];
      await open(
        (context, next) => {
          context.res.on('finish', () => seen.push(context.method, context.path));
          return next();
        },
        secure(),
        override,
        (context) => {
          context.respond = false;
          context.res.end('ran');
        },
      );
      expect(await statusTo('/things', 'PUT', TO_DELETE)).toBe(404);
      expect(seen).toEqual(['PUT', '/things']);
    });

    test('who was to answer by itself and is refused leaves the answer to secure()', async () => {
      await open(secure(), stripPath, proxy);
      expect(await statusTo('/open/scoped')).toBe(401);
    });
  });

  describe('all secure()s of a request are asked', () => {
    const onDenied = (_denied: unknown, context: Koa.Context) => {
      context.status = 418;
    };
    const lenient = () => koaSecurity(rewritingChain(), { onDenied })();

    test('also the first one of two chains, where a second stands behind the rewriting', async () => {
      await open(lenient(), stripPath, secure(), readingAnswer);
      expect(await statusTo('/open/open')).toBe(200);
      expect(await statusTo('/open/scoped')).toBe(401);
    });

    test('also the second one, where the first grants', async () => {
      await open(koaSecurity(new SecurityChain({ requirement: anonymous() }))(), secure(), stripPath, readingAnswer);
      expect(await statusTo('/open/open')).toBe(200);
      expect(await statusTo('/open/scoped')).toBe(401);
    });

    test('and the one that refuses answers', async () => {
      await open(lenient(), secure(), stripPath, readingAnswer);
      expect(await statusTo('/open/scoped')).toBe(418);
    });
  });

  describe('nothing of the application is run or skipped by secure()', () => {
    test('what stands between a call by hand and the place of the same secure() runs', async () => {
      const seen: string[] = [];
      const secured = secure();
      const named =
        (name: string): Koa.Middleware =>
        (_context, next) => {
          seen.push(name);
          return next();
        };
      await open(named('a'), (context, next) => secured(context, next), named('b'), secured, named('c'), answer);
      expect(await statusTo('/open')).toBe(200);
      expect(seen).toEqual(['a', 'b', 'c']);
    });

    test('what is added behind callback() runs no more than without secure()', async () => {
      const added = jest.fn(pass);
      const app = await open(secure(), pass);
      app.use(added);
      expect(await statusTo('/open')).toBe(404);
      expect(added).not.toHaveBeenCalled();
    });
  });

  describe('a route of @koa/router', () => {
    test('waits for the decision in front of each of its handlers', async () => {
      await open(secure(), new Router().all('/things', override, pass, readingAnswer).routes());
      expect(await statusTo('/things', 'PUT', TO_DELETE)).toBe(401);
      expect(await statusTo('/things', 'PUT', TO_DELETE, LATER)).toBe(200);
    });

    test('keeps the names and properties of its handlers', async () => {
      const router = new Router().get(
        '/open',
        Object.assign(
          function shown(context: Koa.Context) {
            context.body = 'ran';
          },
          { param: 'a' },
        ),
      );
      await open(secure(), router.routes());
      expect(await statusTo('/open')).toBe(200);
      const [{ stack }] = (router as unknown as { stack: [{ stack: [Koa.Middleware & { param: string }] }] }).stack;
      expect(stack.map(({ name, param }) => [name, param])).toEqual([['shown', 'a']]);
    });
  });

  test('a preflight that was let through and became another request is decided where it is read', async () => {
    const preflight = ['Origin: https://a.example', 'Access-Control-Request-Method: PUT'];
    await open(koaSecurity(rewritingChain(), { allowPreflight: true })(), compose([override, readingAnswer]));
    expect(await statusTo('/things', 'OPTIONS', ...preflight)).toBe(200);
    expect(await statusTo('/things', 'OPTIONS', ...preflight, TO_DELETE)).toBe(401);
  });
});
