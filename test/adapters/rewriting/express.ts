import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { expressSecurity } from '@sallyport/adapters/express';
import { anonymous } from '@sallyport/core';
import express from 'express';
import { listening } from '../demo-servers.js';
import {
  overridden,
  type RewritingRow,
  stripped,
  strippedInMount,
  strippedToMount,
  strippedTwice,
  withoutFirstSegment,
} from './row.js';

const express4: typeof express = require('express4');

/** Routes that no operation describes, so that their requests are judged by their paths. */
const FIRST = /^\/\w+\/\w+$/;
const ANY = /^\/\w+$/;

type Framework = typeof express;
type Secure = ReturnType<typeof expressSecurity>;
type Handle = (request: express.Request, response: express.Response, next: express.NextFunction) => void;

const answer: express.RequestHandler = (_request, response) => void response.send('ran');

const strip: express.RequestHandler = (request, _response, next) => {
  request.url = withoutFirstSegment(request.url);
  next();
};

const override: express.RequestHandler = (request, _response, next) => {
  request.method = request.get('x-http-method-override') ?? request.method;
  next();
};

/** As a proxy does: it needs no more of the framework than Node's request and response. */
const proxy = (request: IncomingMessage, response: ServerResponse) =>
  void response.end(`${request.method} ${request.url} ran`);

/** Is not run for what is no error, and so decides nothing. */
const onError: express.ErrorRequestHandler = (_error, _request, response, _next) => void response.status(599).end();

const handOver = (app: express.Express, ...given: Parameters<Handle>): void =>
  (app as unknown as { handle: Handle }).handle(...given);

const forwardTo =
  (app: express.Express): Handle =>
  (request, response, next) => {
    request.url = withoutFirstSegment(request.url);
    handOver(app, request, response, next);
  };

/** Once: what is below the mount is below it again otherwise. */
const handAgainTo =
  (app: express.Express): Handle =>
  (request, response, next) =>
    request.baseUrl.split('/').length === 2 && request.path !== '/' ? handOver(app, request, response, next) : next();

const OTHER = new Map<Framework, Framework>([
  [express, express4],
  [express4, express],
]);

interface Mounting extends Omit<RewritingRow, 'open'> {
  mount(app: express.Express, secure: Secure, framework: Framework): void;
}

const MOUNTINGS: readonly Mounting[] = [
  {
    name: 'req.url = in front of the app-wide secure()',
    sent: stripped,
    mount: (app, secure) => app.use(strip, secure(), answer),
  },
  {
    name: 'req.url = between two app-wide secure()',
    sent: stripped,
    isAskedBefore: true,
    mount: (app, secure) => app.use(secure(), strip, secure(), answer),
  },
  {
    name: 'req.url = between two secure(), the second in a route',
    sent: stripped,
    isAskedBefore: true,
    mount: (app, secure) => app.use(secure(), strip).get(ANY, secure(), answer),
  },
  {
    name: 'req.url = in front of a route with secure()',
    sent: stripped,
    mount: (app, secure) => app.use(strip).get(ANY, secure(), answer),
  },
  {
    name: 'req.url = in front of a route of one operation',
    sent: stripped,
    mount: (app, secure) => {
      app.use(strip);
      for (const level of ['open', 'token', 'scoped']) app.get(`/${level}`, secure(), answer);
    },
  },
  {
    name: 'req.url = in a router that is mounted, in front of its secure()',
    sent: strippedInMount,
    mount: (app, secure, { Router }) => app.use('/m', Router().use(strip, secure(), answer)),
  },
  {
    name: 'req.url = in a router that is mounted, in front of its route',
    sent: strippedInMount,
    mount: (app, secure, { Router }) => app.use('/m', Router().use(strip).get(ANY, secure(), answer)),
  },
  {
    name: 'req.url = in front of a mounted router',
    sent: strippedToMount,
    mount: (app, secure, { Router }) => app.use(strip).use('/m', Router().use(secure(), answer)),
  },
  {
    name: 'req.url = in front of a mounted application',
    sent: strippedToMount,
    mount: (app, secure, framework) => app.use(strip).use('/m', framework().get(ANY, secure(), answer)),
  },
  {
    name: 'app.handle() with another URL',
    sent: stripped,
    isAskedBefore: true,
    mount: (app, secure) => app.use(secure()).get(FIRST, forwardTo(app)).get(ANY, answer),
  },
  {
    name: 'app.handle() with another URL, from a mounted router',
    sent: strippedInMount,
    isAskedBefore: true,
    mount: (app, secure, { Router }) =>
      app
        .use(secure())
        .use('/m', Router().get(FIRST, forwardTo(app)))
        .get(ANY, answer),
  },
  {
    name: 'app.handle() with another URL, to a route with secure()',
    sent: strippedInMount,
    isAskedBefore: true,
    mount: (app, secure, { Router }) =>
      app.use('/m', Router().get(FIRST, secure(), forwardTo(app))).get(ANY, secure(), answer),
  },
  {
    name: 'app.handle() below a mount, which hides nothing of the URL',
    sent: (from, to) => ({ method: 'GET', target: `/${from}/${to}` }),
    isAskedBefore: true,
    mount: (app, secure) => app.use(secure()).use('/:from', handAgainTo(app)).get(ANY, answer),
  },
  {
    name: 'app.handle() below a mount, to a route with secure()',
    sent: (from, to) => ({ method: 'GET', target: `/${from}/${to}` }),
    isAskedBefore: true,
    mount: (app, secure) => app.use('/:from', secure(), handAgainTo(app)).get(ANY, secure(), answer),
  },
  {
    name: "req.url = and next('route')",
    sent: stripped,
    mount: (app, secure) => {
      const secured = secure();
      const leave: Handle = (request, _response, next) => {
        request.url = withoutFirstSegment(request.url);
        next('route');
      };
      app.get(FIRST, leave, secured, answer).use(secured).get(ANY, answer);
    },
  },
  {
    name: "req.url = and next('router')",
    sent: stripped,
    mount: (app, secure, { Router }) => {
      const secured = secure();
      const leave: Handle = (request, _response, next) => {
        request.url = withoutFirstSegment(request.url);
        next('router');
      };
      app
        .use(Router().get(FIRST, leave, secured, answer))
        .use(secured)
        .get(ANY, answer);
    },
  },
  {
    name: 'req.method = in front of the app-wide secure()',
    sent: overridden,
    isReceivedLost: true,
    mount: (app, secure) => app.use(override, secure(), answer),
  },
  {
    name: 'req.method = between two app-wide secure()',
    sent: overridden,
    isAskedBefore: true,
    mount: (app, secure) => app.use(secure(), override, secure(), answer),
  },
  {
    name: 'req.method = behind the app-wide secure()',
    sent: overridden,
    isAskedBefore: true,
    mount: (app, secure) => {
      app.use(secure(), override);
      for (const method of ['put', 'post', 'delete'] as const) app[method]('/things', answer);
    },
  },
  {
    name: 'req.method = behind two app-wide secure(), in front of a route for all methods',
    sent: overridden,
    isAskedBefore: true,
    mount: (app, secure) => app.use(secure(), secure(), override).all('/things', answer),
  },
  {
    name: 'req.method = later, behind the app-wide secure(), in front of a mounted router',
    sent: overridden,
    isAskedBefore: true,
    mount: (app, secure, { Router }) =>
      app
        .use(secure(), (request, response, next) => setImmediate(override, request, response, next))
        .use('/', Router().all('/things', answer)),
  },
  {
    name: 'req.url = behind the app-wide secure()',
    sent: stripped,
    isAskedBefore: true,
    mount: (app, secure) => app.use(secure(), strip).get(ANY, answer),
  },
  {
    name: 'req.url = behind the app-wide secure(), in front of a mounted router',
    sent: strippedToMount,
    isAskedBefore: true,
    mount: (app, secure, { Router }) => app.use(secure(), strip).use('/m', Router().get(ANY, answer)),
  },
  {
    name: 'req.url = behind the app-wide secure(), in front of a mounted application',
    sent: strippedToMount,
    isAskedBefore: true,
    mount: (app, secure, framework) => app.use(secure(), strip).use('/m', framework().get(ANY, answer)),
  },
  {
    name: 'req.url = in a mounted router, behind its secure()',
    sent: strippedInMount,
    isAskedBefore: true,
    mount: (app, secure, { Router }) => app.use('/m', Router().use(secure(), strip).get(ANY, answer)),
  },
  {
    name: "req.url = in a route behind the app-wide secure(), and next('route')",
    sent: stripped,
    isAskedBefore: true,
    mount: (app, secure) =>
      app
        .use(secure())
        .get(FIRST, (request, _response, next) => {
          request.url = withoutFirstSegment(request.url);
          next('route');
        })
        .get(ANY, answer),
  },
  {
    name: 'req.method = in front of a route with secure()',
    sent: overridden,
    isAskedBefore: true,
    mount: (app, secure) => app.use(secure(), override).all('/things', secure(), answer),
  },
  {
    name: 'req.method = in a route with secure(), behind it',
    sent: overridden,
    isAskedBefore: true,
    mount: (app, secure) => app.all('/things', secure(), override, answer),
  },
  {
    name: 'req.url = in front of a route with a requirement of its own',
    sent: stripped,
    mount: (app, secure) => app.use(strip).get(ANY, secure(anonymous()), answer),
  },
  {
    name: 'req.method = in a route with a requirement of its own, behind it',
    sent: overridden,
    isAskedBefore: true,
    mount: (app, secure) => app.all('/things', secure(anonymous()), override, answer),
  },
  {
    name: 'req.url = in a mounted router, behind a requirement of its own',
    sent: strippedInMount,
    isAskedBefore: true,
    mount: (app, secure, { Router }) => app.use('/m', Router().use(secure(anonymous()), strip).get(ANY, answer)),
  },
  {
    name: 'req.method = behind the app-wide secure(), in front of a route with a requirement of its own',
    sent: overridden,
    isAskedBefore: true,
    mount: (app, secure) => app.use(secure(), override).all('/things', secure(anonymous()), answer),
  },
  {
    name: 'req.method = in a route behind the app-wide secure()',
    sent: overridden,
    isAskedBefore: true,
    mount: (app, secure) => app.use(secure()).all('/things', override, answer),
  },
  {
    name: 'req.method = behind the app-wide secure(), in front of middleware',
    sent: overridden,
    isAskedBefore: true,
    mount: (app, secure) => app.use(secure(), override, answer),
  },
  {
    name: 'req.method = later, behind the app-wide secure(), in front of middleware',
    sent: overridden,
    isAskedBefore: true,
    mount: (app, secure) =>
      app.use(secure(), (request, response, next) => setImmediate(override, request, response, next), answer),
  },
  {
    name: 'req.url = behind the app-wide secure(), in front of a proxy',
    sent: stripped,
    isAskedBefore: true,
    mount: (app, secure) => app.use(secure(), strip, proxy),
  },
  {
    name: 'req.url = behind the app-wide secure(), in front of a proxy that is mounted at a path',
    sent: strippedToMount,
    isAskedBefore: true,
    mount: (app, secure) => app.use(secure(), strip).use('/m', proxy),
  },
  {
    name: 'req.url = behind the app-wide secure(), in front of middleware that is mounted at the whole path',
    sent: stripped,
    isAskedBefore: true,
    mount: (app, secure) => {
      app.use(secure(), strip);
      for (const level of ['open', 'token', 'scoped']) app.use(`/${level}`, answer);
    },
  },
  {
    name: 'req.url = behind the app-wide secure(), in front of middleware of a mounted application',
    sent: strippedToMount,
    isAskedBefore: true,
    mount: (app, secure, framework) => app.use(secure(), strip).use('/m', framework().use(answer)),
  },
  {
    name: 'req.url = behind the app-wide secure(), in a mounted application',
    sent: strippedInMount,
    isAskedBefore: true,
    mount: (app, secure, framework) => app.use(secure()).use('/m', framework().use(strip, answer)),
  },
  {
    name: 'req.url = behind the app-wide secure(), in a router inside another',
    sent: strippedInMount,
    isAskedBefore: true,
    mount: (app, secure, { Router }) => app.use(secure()).use(Router().use('/m', Router().use(strip, answer))),
  },
  {
    name: 'req.url = in a mounted router, behind its secure(), in front of middleware',
    sent: strippedInMount,
    isAskedBefore: true,
    mount: (app, secure, { Router }) => app.use('/m', Router().use(secure(), strip, answer)),
  },
  {
    name: 'req.url = twice behind the app-wide secure()',
    sent: strippedTwice,
    isAskedBefore: true,
    mount: (app, secure) => app.use(secure(), strip, strip, answer),
  },
  {
    name: 'req.url = behind the app-wide secure(), in front of a handler of errors',
    sent: stripped,
    isAskedBefore: true,
    mount: (app, secure) => app.use(secure(), strip, onError, answer),
  },
  {
    name: 'req.url = behind the app-wide secure(), in front of middleware that is added while it runs',
    sent: stripped,
    isAskedBefore: true,
    mount: (app, secure) => {
      let isAdded = false;
      const add: Handle = (_request, _response, next) => {
        if (!isAdded) app.use(answer);
        isAdded = true;
        next();
      };
      app.use(secure(), add, strip);
    },
  },
  {
    name: 'req.url = behind the app-wide secure(), in an application of another Express, in front of a route',
    sent: strippedInMount,
    isAskedBefore: true,
    mount: (app, secure, framework) =>
      app.use(secure()).use('/m', (OTHER.get(framework) as Framework)().use(strip).get(ANY, answer)),
  },
  {
    name: 'app.handle() below a mount, in front of another URL',
    sent: (from, to) => ({ method: 'GET', target: `/m/${from}/${to}` }),
    isAskedBefore: true,
    mount: (app, secure) =>
      app.use('/m', secure(), (request, response, next) => handOver(app, request, response, next)).use(strip, answer),
  },
  {
    name: 'app.handle() with another URL, of which a part is cut off in front of the app-wide secure()',
    sent: stripped,
    isAskedBefore: true,
    mount: (app, secure) => {
      const cutOff: Handle = (request, _response, next) => {
        request.url = request.url.replace(/^\/inner(?=\/)/, '');
        next();
      };
      const forward: Handle = (request, response, next) => {
        request.url = `/inner${withoutFirstSegment(request.url)}`;
        handOver(app, request, response, next);
      };
      app.use(cutOff, secure()).get(FIRST, forward).get(ANY, answer);
    },
  },
];

export const EXPRESS_ROWS: readonly RewritingRow[] = (
  [
    ['Express 4', express4],
    ['Express 5', express],
  ] as const
).flatMap(([version, framework]) =>
  MOUNTINGS.map(({ mount, name, ...row }) => ({
    ...row,
    name: `${version}: ${name}`,
    open: (chain, options) => {
      const app = framework();
      mount(app, expressSecurity(chain, options), framework);
      return listening(createServer(app));
    },
  })),
);
