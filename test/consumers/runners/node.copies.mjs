// Two copies of core in one process, as where a tool gives one file to `import` and another to `require`.
import { equal, throws } from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { authenticated, SecurityChain } from '@sallyport/core';
import { ask } from '@sallyport/core/testing';

// By its path, past the conditions that would lead to the copy above.
const other = createRequire(import.meta.url)('./node_modules/@sallyport/core/dist/index.cjs');

const code = 'ERR_SALLYPORT_SEVERAL_COPIES';
const key = other.headerHandler({ name: 'key', header: 'X-Key', verify: () => ({ subject: 'alice' }) });

test('the CommonJS build works by itself', async () => {
  const chain = new other.SecurityChain({ requirement: other.anyOf(key) });
  equal(chain instanceof SecurityChain, false);
  await chain.start();
  await chain.close();
});

test('a chain names what is wrong with the verdicts of the other copy', async () => {
  const { status, event } = await ask(new SecurityChain({ requirement: key }), 'GET /', {
    headers: { 'X-Key': 'any' },
  });
  equal(status, 500);
  equal(event.fault.code, code);
});

test('a chain does not start with requirements of the other copy', () => {
  throws(() => new SecurityChain({ requirement: other.anyOf(key, other.anonymous()) }), { code });
});

test('nobody is authenticated as a principal of the other copy', () => {
  throws(() => authenticated(other.createPrincipal({ subject: 'alice' })), { code });
});
