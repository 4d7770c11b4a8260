import { deepEqual, equal } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { OpenedApplication } from '../opened-application.js';
import * as moved from './after/app.js';
import * as original from './before/app.js';

const LOGIN = 'POST /api/users/login';
const jake = { user: { email: 'jake@example.com', password: 'jakejake' } };
const anne = { user: { email: 'anne@example.com', password: 'anneanne' } };

async function tokenOf(application: OpenedApplication, body: object): Promise<string> {
  return (await application.ask(LOGIN, { body })).body.user.token;
}

for (const [name, { open }] of Object.entries({ 'before the move': original, 'after the move': moved })) {
  describe(name, () => {
    let app: OpenedApplication;
    let headers: Record<string, string>;
    before(async () => {
      app = await OpenedApplication.of(await open());
      headers = { authorization: `Token ${await tokenOf(app, jake)}` };
    });
    after(() => app.close());

    test('who logs in gets a token, and is known by it under both schemes', async () => {
      equal((await app.ask(LOGIN, { body: { user: { ...jake.user, password: 'wrong' } } })).status, 403);
      const { body } = await app.ask('GET /api/user', { headers });
      deepEqual(body, { user: { email: 'jake@example.com', username: 'jake' } });
      const bearer = { authorization: (headers['authorization'] as string).replace('Token', 'Bearer') };
      equal((await app.ask('GET /api/user', { headers: bearer })).status, 200);
    });

    test('who is not logged in reads articles', async () => {
      const { status, body } = await app.ask('GET /api/articles/how-to-train-your-dragon');
      deepEqual([status, body.article.favorited], [200, false]);
      equal((await app.ask('GET /api/articles')).body.articles.length, 1);
      equal((await app.ask('GET /')).status, 200);
    });

    test('who is not logged in writes nothing', async () => {
      const missing = { status: 'error', message: 'missing authorization credentials' };
      for (const line of ['GET /api/user', 'GET /api/articles/feed', 'POST /api/articles']) {
        const { status, body } = await app.ask(
          line,
          line.startsWith('POST') ? { body: { article: { title: 'a' } } } : {},
        );
        deepEqual([line, status, body], [line, 401, missing]);
      }
    });

    test('a bad token is refused, also where none is needed', async () => {
      for (const line of ['GET /api/user', 'GET /api/articles']) {
        equal((await app.ask(line, { headers: { authorization: 'Token a.b.c' } })).status, 401);
      }
    });

    test('a reader sees what is a favourite of theirs', async () => {
      const path = '/api/articles/how-to-train-your-dragon';
      equal((await app.ask(`POST ${path}/favorite`, { headers })).body.article.favorited, true);
      equal((await app.ask(`GET ${path}`, { headers })).body.article.favorited, true);
      equal((await app.ask(`GET ${path}`)).body.article.favorited, false);
    });

    test('an article is removed by its author alone', async () => {
      const other = { authorization: `Token ${await tokenOf(app, anne)}` };
      equal((await app.ask('POST /api/articles', { headers, body: { article: { title: 'A new one' } } })).status, 201);
      equal((await app.ask('DELETE /api/articles/a-new-one', { headers: other })).status, 403);
      equal((await app.ask('DELETE /api/articles/a-new-one', { headers })).status, 204);
    });
  });
}

test('a token that was issued before the move is good after it', async () => {
  const [old, app] = [
    await OpenedApplication.of(await original.open()),
    await OpenedApplication.of(await moved.open()),
  ];
  const headers = { authorization: `Token ${await tokenOf(old, anne)}` };
  equal((await app.ask('GET /api/user', { headers })).body.user.username, 'anne');
  await Promise.all([old.close(), app.close()]);
});

test('what changes is what the guide says', async () => {
  const [old, app] = [
    await OpenedApplication.of(await original.open()),
    await OpenedApplication.of(await moved.open()),
  ];
  const basic = { headers: { authorization: 'Basic YTpi' } };
  const statuses = async (line: string, asked = {}) => [
    (await old.ask(line, asked)).status,
    (await app.ask(line, asked)).status,
  ];
  deepEqual(await statuses('GET /api/articles', basic), [200, 401]);
  deepEqual(await statuses('GET /api/articles/a%2Fb'), [404, 400]);
  deepEqual(await statuses('GET /api/nowhere'), [404, 404]);
  await Promise.all([old.close(), app.close()]);
});
