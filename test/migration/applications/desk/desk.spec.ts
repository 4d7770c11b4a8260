import { deepEqual, equal } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { OpenedApplication } from '../opened-application.js';
import * as moved from './after/app.js';
import * as original from './before/app.js';

const john = { username: 'john', password: 'changeme' };
const maria = { username: 'maria', password: 'guess' };
const unauthorized = { message: 'Unauthorized', statusCode: 401 };

async function bearerOf(app: OpenedApplication, body: object): Promise<{ headers: Record<string, string> }> {
  const { access_token: token } = (await app.ask('POST /api/auth/login', { body })).body;
  return { headers: { authorization: `Bearer ${token}` } };
}

for (const [name, { open }] of Object.entries({ 'before the move': original, 'after the move': moved })) {
  describe(name, () => {
    let app: OpenedApplication;
    before(async () => {
      app = await OpenedApplication.of(await open());
    });
    after(() => app.close());

    test('who logs in has a profile', async () => {
      deepEqual((await app.ask('GET /api/profile', await bearerOf(app, john))).body, { userId: 1, username: 'john' });
      const wrong = await app.ask('POST /api/auth/login', { body: { ...john, password: 'wrong' } });
      deepEqual([wrong.status, wrong.body], [401, unauthorized]);
    });

    test('who is not logged in sees whether the server is up, and nothing else', async () => {
      equal((await app.ask('GET /api/health')).status, 200);
      for (const line of ['GET /api/profile', 'GET /api/tickets/7', 'GET /api/admin/tickets']) {
        const { status, body } = await app.ask(line);
        deepEqual([line, status, body], [line, 401, unauthorized]);
      }
    });

    test('a ticket is shown to who is logged in', async () => {
      deepEqual((await app.ask('GET /api/tickets/7', await bearerOf(app, john))).body, { id: '7', reader: 'john' });
    });

    test('all tickets are for admins', async () => {
      equal((await app.ask('GET /api/admin/tickets', await bearerOf(app, maria))).status, 200);
      equal((await app.ask('GET /api/admin/tickets', await bearerOf(app, john))).status, 403);
    });

    test('a changed token is refused', async () => {
      const { headers } = await bearerOf(app, maria);
      const authorization = (headers['authorization'] as string).replace(/\.[^.]+$/, `.${'A'.repeat(43)}`);
      equal((await app.ask('GET /api/profile', { headers: { authorization } })).status, 401);
    });
  });
}

test('a token that was issued before the move is good after it', async () => {
  const [old, app] = [
    await OpenedApplication.of(await original.open()),
    await OpenedApplication.of(await moved.open()),
  ];
  deepEqual((await app.ask('GET /api/profile', await bearerOf(old, maria))).body, { userId: 2, username: 'maria' });
  await Promise.all([old.close(), app.close()]);
});

test('what changes is what the guide says', async () => {
  const [old, app] = [
    await OpenedApplication.of(await original.open()),
    await OpenedApplication.of(await moved.open()),
  ];
  const statuses = async (line: string, asked = {}) => [
    (await old.ask(line, asked)).status,
    (await app.ask(line, asked)).status,
  ];
  deepEqual(await statuses('GET /api/nowhere'), [404, 401]);
  deepEqual(await statuses('GET /api/tickets/a%2Fb', await bearerOf(old, john)), [200, 400]);
  await Promise.all([old.close(), app.close()]);
});
