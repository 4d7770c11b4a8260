import { createServer } from 'node:http';
import { expressSecurity } from '@sallyport/adapters/express';
import express from 'express';
import { listening } from '../demo-servers.js';
import {
  overridden,
  type RewritingRow,
  stripped,
  strippedInMount,
  strippedToMount,
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

const forwardTo =
  (app: express.Express): Handle =>
  (request, response, next) => {
    request.url = withoutFirstSegment(request.url);
    (app as unknown as { handle: Handle }).handle(request, response, next);
  };

/** Once: what is below the mount is below it again otherwise. */
const handAgainTo =
  (app: express.Express): Handle =>
  (request, response, next) =>
    request.baseUrl.split('/').length === 2 && request.path !== '/'
      ? (app as unknown as { handle: Handle }).handle(request, response, next)
      : next();

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
