import { deepEqual, equal } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { OpenedApplication } from '../opened-application.js';
import * as moved from './after/app.js';
import * as original from './before/app.js';

const alice = { name: 'alice', password: 'alice likes tea' };
const bob = { name: 'bob', password: 'bob likes beer' };

async function bearerOf(app: OpenedApplication, body: object): Promise<{ headers: Record<string, string> }> {
  const { token } = (await app.ask('POST /login', { body })).body;
  return { headers: { authorization: `Bearer ${token}` } };
}

for (const [name, { open }] of Object.entries({ 'before the move': original, 'after the move': moved })) {
  describe(name, () => {
    let app: OpenedApplication;
    before(async () => {
      app = await OpenedApplication.of(await open());
    });
    after(() => app.close());

    test('who logs in is known by token and by cookie', async () => {
      const { body, headers } = await app.ask('POST /login', { body: alice });
      const cookie = headers.get('set-cookie')?.split(';')[0] as string;
      const expected = { id: 1, name: 'alice' };
      deepEqual((await app.ask('GET /me', { headers: { authorization: `Bearer ${body.token}` } })).body, expected);
      deepEqual((await app.ask('GET /me', { headers: { cookie } })).body, expected);
      equal((await app.ask('POST /login', { body: { ...alice, password: 'wrong' } })).status, 403);
    });

    test('who is not logged in sees whether the server is up, and nothing else', async () => {
      equal((await app.ask('GET /health')).status, 200);
      for (const line of ['GET /me', 'GET /notes', 'GET /admin/notes']) {
        const { status, body } = await app.ask(line);
        deepEqual([line, status, body], [line, 401, { error: 'Unauthorized' }]);
      }
    });

    test('everybody sees their own notes', async () => {
      const [ours, theirs] = [await bearerOf(app, alice), await bearerOf(app, bob)];
      const seen = (await app.ask('GET /notes', theirs)).body.notes.length;
      equal((await app.ask('POST /notes', { ...ours, body: { text: 'buy tea' } })).status, 201);
      deepEqual((await app.ask('GET /notes', ours)).body.notes.at(-1).text, 'buy tea');
      equal((await app.ask('GET /notes', theirs)).body.notes.length, seen);
    });

    test('an admin sees all notes, and others do not', async () => {
      equal((await app.ask('GET /admin/notes', await bearerOf(app, alice))).status, 200);
      const { status, body } = await app.ask('GET /admin/notes', await bearerOf(app, bob));
      deepEqual([status, body], [403, { error: 'Forbidden' }]);
    });

    test('a changed token is refused', async () => {
      const { headers } = await bearerOf(app, bob);
      const authorization = (headers['authorization'] as string).replace(/\.[^.]+$/, `.${'A'.repeat(43)}`);
      equal((await app.ask('GET /me', { headers: { authorization } })).status, 401);
    });
  });
}

test('a token that was issued before the move is good after it', async () => {
  const [old, app] = [
    await OpenedApplication.of(await original.open()),
    await OpenedApplication.of(await moved.open()),
  ];
  equal((await app.ask('GET /me', await bearerOf(old, bob))).body.name, 'bob');
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
  deepEqual(await statuses('GET /nowhere'), [404, 404]);
  deepEqual(await statuses('GET /me', { headers: { authorization: 'Bearer' } }), [401, 400]);
  await Promise.all([old.close(), app.close()]);
});
