// Asks the servers of docs/migration/README.md.
import { deepEqual, match } from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { OpenedServer } from './opened-server.js';
import { bearer, byJsonwebtoken } from './tokens.js';

const OUT = join(import.meta.dirname, 'out/README');
const NEW = 'the new secret of this test alone, of 32 bytes or more';
const OLD = 'superSecret';

test('tokens of both kinds are good, each by its own key alone', async (context) => {
  Object.assign(process.env, { NEW_JWT_SECRET: NEW, OLD_JWT_SECRET: OLD });
  const server = await OpenedServer.of(join(OUT, 'two-kinds.js'));
  context.after(() => server.close());
  const fresh = { iss: 'https://shop.example.com', aud: 'shop', sub: '42' };
  const answers = [];
  for (const [claims, key] of [
    [fresh, NEW],
    [{ id: 42 }, OLD],
    [fresh, OLD],
    [{ id: 42 }, NEW],
    [{ ...fresh, aud: 'another' }, NEW],
  ]) {
    const { status, body } = await server.ask('GET /', bearer(await byJsonwebtoken(claims, undefined, key)));
    answers.push(status === 200 ? body : status);
  }
  deepEqual(answers, ['42', '42', 401, 401, 401]);
});

test('a trial refuses nobody, and tells whom it would refuse', async (context) => {
  const told = [];
  const warn = context.mock.method(console, 'warn', (...words) => told.push(words.join(' ')));
  const server = await OpenedServer.of(join(OUT, 'look-first.js'));
  context.after(() => server.close());
  const { status } = await server.ask('GET /me', bearer(await byJsonwebtoken({ id: 42 })));
  deepEqual([status, warn.mock.callCount()], [200, 1]);
  match(told[0], /^would be 401: credentials_unrecognised GET/);
});
