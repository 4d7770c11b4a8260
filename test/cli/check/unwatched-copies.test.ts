import { describe, expect, test } from '@jest/globals';
import express from 'express';
import express4 from 'express4';
import { routesOf } from '../../../packages/cli/src/routes/application.js';

const answer = (_request: unknown, response: { end(): unknown }) => response.end();

/** Nobody has watched this process load Express. */
describe('a copy of Express that was loaded before anybody watched', () => {
  test('of version 4: routes are read, and a router that is mounted at a path is told as unread', async () => {
    const router = express4.Router().get('/b', answer);
    const application = express4()
      .get('/a/:id', answer)
      .use('/mounted', router)
      .use(express4.Router().get('/c', answer));
    const { routes } = (await routesOf(application)) ?? { routes: [] };
    expect(routes.map(({ method, template, isUnread }) => [method, template, isUnread])).toEqual([
      ['GET', '/a/{id}', false],
      ['ALL', '', true],
      ['GET', '/c', false],
    ]);
  });

  test('of version 5: the router itself tells the path', async () => {
    const application = express().use('/mounted/:tenant', express.Router().get('/b', answer));
    const { routes } = (await routesOf(application)) ?? { routes: [] };
    expect(routes.map(({ method, template }) => `${method} ${template}`)).toEqual(['GET /mounted/{tenant}/b']);
  });

  test('an application in an application is told as unread, unless it is known which one it is', async () => {
    const application = express().use('/mounted', express().get('/b', answer));
    const { routes } = (await routesOf(application)) ?? { routes: [] };
    expect(routes).toMatchObject([{ method: 'ALL', template: '/mounted', isOpen: true, isUnread: true }]);
  });
});

test('what is no application of a known framework has no routes', async () => {
  for (const value of [undefined, null, 1, {}, () => {}, new Map()]) expect(await routesOf(value)).toBeUndefined();
});
