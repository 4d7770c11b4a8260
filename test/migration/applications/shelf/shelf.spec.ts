import { deepEqual, equal } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { OpenedApplication } from '../opened-application.js';
import * as moved from './after/app.js';
import * as original from './before/app.js';

const carol = { email: 'carol@example.com', password: 'a good book' };
const refusal = { error: 'Protected resource, use Authorization header to get access' };

async function bearerOf(app: OpenedApplication): Promise<{ headers: Record<string, string> }> {
  const { token } = (await app.ask('POST /login', { body: carol })).body;
  return { headers: { authorization: `Bearer ${token}` } };
}

for (const [name, { open }] of Object.entries({ 'before the move': original, 'after the move': moved })) {
  describe(name, () => {
    let app: OpenedApplication;
    before(async () => {
      app = await OpenedApplication.of(await open());
    });
    after(() => app.close());

    test('everybody sees the public books', async () => {
      deepEqual((await app.ask('GET /public/books')).body, { books: ['A Tale of Two Cities'], yours: 0 });
      equal((await app.ask('GET /public/books', { headers: { authorization: 'Bearer a.b.c' } })).status, 200);
    });

    test('who logs in has a shelf', async () => {
      const reader = await bearerOf(app);
      const book = { isbn: '9780141439600', title: 'A Tale of Two Cities' };
      equal((await app.ask('POST /shelf', { ...reader, body: book })).status, 204);
      const { of, books } = (await app.ask('GET /shelf', reader)).body;
      deepEqual([of, books.at(-1)], [carol.email, book]);
      equal((await app.ask('GET /public/books', reader)).body.yours, books.length);
    });

    test('who is not logged in has none', async () => {
      equal((await app.ask('POST /login', { body: { ...carol, password: 'wrong' } })).status, 403);
      for (const headers of [{}, { authorization: 'Bearer a.b.c' }]) {
        const { status, body } = await app.ask('GET /shelf', { headers: headers as Record<string, string> });
        deepEqual([status, body], [401, refusal]);
      }
    });
  });
}

test('a token that was issued before the move is good after it, and never ends, as before', async () => {
  const [old, app] = [
    await OpenedApplication.of(await original.open()),
    await OpenedApplication.of(await moved.open()),
  ];
  equal((await app.ask('GET /shelf', await bearerOf(old))).body.of, carol.email);
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
  deepEqual(await statuses('GET /shelves'), [401, 404]);
  deepEqual(await statuses('GET /shelf', { headers: { authorization: 'Bearer' } }), [401, 400]);
  await Promise.all([old.close(), app.close()]);
});
