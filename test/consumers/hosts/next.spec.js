import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { tokenOf } from './issuer.js';

// After the issuer, which puts its key into the environment.
const { digestOf } = await import('./security.js');

const KEY = { 'x-api-key': 'key-of-carol' };
let next;
let origin;

before(async () => {
  next = spawn(process.execPath, ['node_modules/next/dist/bin/next', 'start', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: next.stdout })) {
    origin = /http:\/\/localhost:\d+/.exec(line)?.[0];
    if (origin !== undefined) return;
  }
});
after(async () => {
  next.kill();
  await once(next, 'exit');
});

const ask = async (path, { headers = {}, ...rest } = {}) => {
  const response = await fetch(origin + path, { headers: { connection: 'close', ...headers }, ...rest });
  const text = await response.text();
  return [response.status, response.ok ? JSON.parse(text) : response.headers.get('www-authenticate')];
};

test('a token and a key are let in, and the body stays for the application', async () => {
  const bearer = { authorization: `Bearer ${tokenOf('alice')}` };
  assert.deepEqual(await ask('/orders', { headers: bearer }), [200, { subject: 'alice' }]);
  assert.deepEqual(await ask('/orders', { headers: KEY, method: 'POST', body: 'tea' }), [
    200,
    { subject: 'carol', body: 'tea' },
  ]);
});

test('a body is read where it is proved, and stays for the application', async () => {
  const signed = { method: 'POST', headers: { 'x-signature': digestOf('täa') } };
  assert.deepEqual(await ask('/signed', { ...signed, body: 'täa' }), [200, { body: 'täa' }]);
  assert.equal((await ask('/signed', { ...signed, body: 'coffee' }))[0], 401);
});

test('the second argument, with the parameters of the route, arrives', async () => {
  assert.deepEqual(await ask('/orders/caf%C3%A9?a=1', { headers: KEY }), [200, { subject: 'carol', id: 'café' }]);
});

test('a rewriting leads past no requirement', async () => {
  assert.equal((await ask('/open/7'))[0], 401);
  assert.deepEqual(await ask('/open/7', { headers: KEY }), [200, { subject: 'carol', id: '7' }]);
});

test('a handler whose route is not named lets nobody in', async () => {
  assert.equal((await ask('/unnamed', { headers: KEY }))[0], 404);
});

test('of two Authorization lines, Next.js gives the first alone', async () => {
  const authorization = [`Bearer ${tokenOf('alice')}`, `Bearer ${tokenOf('bob')}`];
  const [answer] = await once(get(`${origin}/orders`, { agent: false, headers: { authorization } }), 'response');
  assert.deepEqual([answer.statusCode, await text(answer)], [200, '{"subject":"alice"}']);
});

test('HEAD needs what GET needs (RFC 9110 9.3.2)', async () => {
  const statusOf = async (headers) =>
    (await fetch(`${origin}/orders`, { method: 'HEAD', headers: { connection: 'close', ...headers } })).status;
  assert.deepEqual([await statusOf({}), await statusOf(KEY)], [401, 200]);
});

test('without a credential, and with a bad one, the answer is 401, each time anew', async () => {
  const challenges = 'Bearer realm="orders", ApiKey header="X-Api-Key"';
  for (const _ of [1, 2]) assert.deepEqual(await ask('/orders'), [401, challenges]);
  assert.equal((await ask('/orders', { headers: { 'x-api-key': 'key-of-mallory' } }))[0], 401);
  assert.equal((await ask('/orders', { headers: { authorization: 'Bearer a, Bearer b' } }))[0], 400);
});
