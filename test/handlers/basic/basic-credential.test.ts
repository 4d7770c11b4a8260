import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { BasicHandler, InMemoryUserStore } from '@sallyport/handlers/basic';
import { BasicCredential } from '../../../packages/handlers/src/basic/basic-credential.js';
import vectors from '../../vectors/basic/credentials.json' with { type: 'json' };
import { basic, requestWith } from './basic-fixture.js';

interface Row {
  readonly rule: string;
  readonly ref: string;
  readonly token68: string;
  readonly userName?: string;
  readonly password?: string;
  readonly reason?: string;
}

const rows: readonly Row[] = vectors;
const handler = new BasicHandler({ realm: 'test', users: new InMemoryUserStore() });
// Not through a request: some of these are no header values at all.
const extract = (value: string) =>
  handler.extract(
    Object.create(requestWith(undefined), {
      authorization: { value: { kind: 'credentials', scheme: 'basic', value } },
    }),
  );

describe('Basic credentials are taken in one spelling only', () => {
  test.each(rows.filter(({ reason }) => reason === undefined))('$rule ($ref)', ({ token68, userName, password }) => {
    const credential = extract(token68) as BasicCredential;
    expect(credential).toBeInstanceOf(BasicCredential);
    expect(credential.userName).toBe(userName);
    expect(credential.password.reveal()).toBe(password);
  });
});

describe('Basic credentials that break their syntax are malformed', () => {
  test.each(rows.filter(({ reason }) => reason !== undefined))('$rule ($ref)', ({ token68, reason }) => {
    expect(extract(token68)).toMatchObject({ kind: 'malformed', reason });
  });
});

describe('extraction', () => {
  test.each(['basic', 'BASIC', 'bAsIc'])(
    'the scheme %s is compared without regard to case (RFC 9110 11.1)',
    (scheme) => {
      const request = requestWith(basic('user', 'pass').replace('Basic', scheme));
      expect(handler.extract(request)).toBeInstanceOf(BasicCredential);
    },
  );

  test.each([undefined, 'Bearer dXNlcjpwYXNz', 'Basics dXNlcjpwYXNz', 'dXNlcjpwYXNz'])(
    '%s is not for this handler',
    (authorization) => {
      expect(handler.extract(requestWith(authorization))).toBeUndefined();
    },
  );

  test('a scheme without credentials is malformed (RFC 7617 2)', () => {
    expect(handler.extract(requestWith('Basic'))).toMatchObject({ kind: 'malformed' });
  });

  test('every single bit that is turned in the encoding gives another credential or none (RFC 4648 3.5)', () => {
    const token68 = Buffer.from('user:pass').toString('base64');
    for (let index = 0; index < token68.length; index += 1) {
      for (let bit = 0; bit < 7; bit += 1) {
        const turned = String.fromCharCode(token68.charCodeAt(index) ^ (1 << bit));
        const found = extract(token68.slice(0, index) + turned + token68.slice(index + 1));
        const credential = found instanceof BasicCredential ? found : undefined;
        expect([credential?.userName, credential?.password.reveal()]).not.toEqual(['user', 'pass']);
      }
    }
  });
});

describe('nothing that prints a credential shows the password', () => {
  const of = (password: string) => extract(Buffer.from(`user:${password}`).toString('base64')) as BasicCredential;
  const credential = of('hunter2-hunter2');

  test.each([
    ['util.inspect', inspect(credential, { depth: null, showHidden: true })],
    ['util.inspect of an object around it', inspect({ credential }, { depth: null, showHidden: true })],
    ['JSON', JSON.stringify({ credential })],
    ['a template string', `${credential.password}`],
  ])('%s', (_, printed) => {
    expect(printed).not.toContain('hunter2');
    expect(printed).not.toContain(Buffer.from('user:hunter2-hunter2').toString('base64').slice(0, 20));
  });

  test('the fingerprint is the same for the same credential and another for any other', () => {
    expect(of('hunter2-hunter2').fingerprint()).toBe(credential.fingerprint());
    expect(of('hunter2').fingerprint()).not.toBe(credential.fingerprint());
    expect(credential.fingerprint()).toMatch(/^[0-9a-f]{8}$/);
  });
});
