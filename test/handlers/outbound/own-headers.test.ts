import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { UpstreamError } from '@sallyport/core';
import { OutboundClient, type OutboundOptions } from '@sallyport/handlers/outbound';
import { OutboundUnderTest } from './outbound-fixture.js';

type Headers = NonNullable<OutboundOptions['headers']>;

let subject: OutboundUnderTest;
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-headers-'));
  file = join(folder, 'token');
  writeFileSync(file, 'pod-token-1\n');
});

afterEach(async () => {
  await subject?.close();
  rmSync(folder, { recursive: true });
});

async function sends(headers: Headers): Promise<void> {
  await subject?.close();
  subject = await OutboundUnderTest.start({ headers });
}

async function sent(): Promise<object | undefined> {
  expect(await subject.send()).toBe('{}');
  return subject.arrivals.at(-1)?.headers;
}

async function problem(): Promise<string> {
  const error: UpstreamError = await subject.client.send(subject.request).then(
    () => Promise.reject(new Error('it was answered')),
    (failure: UpstreamError) => failure,
  );
  expect(error.cause).toBeUndefined();
  return `${error.code} ${error.message}`;
}

const failure = (text: string) => `ERR_SALLYPORT_UPSTREAM_UNREACHABLE ${subject.url}: ${text}`;

describe('headers of the operator', () => {
  test('go with every call', async () => {
    await sends({ 'X-Api-Key': 'k1', authorization: 'Bearer t' });
    for (const _ of [1, 2]) expect(await sent()).toMatchObject({ 'x-api-key': 'k1', authorization: 'Bearer t' });
  });

  test('go behind those that the handler sends itself', async () => {
    await sends({ Authorization: 'Bearer theirs', 'x-more': 'm' });
    const request = { ...subject.request, headers: { authorization: 'Basic ours' } };
    await subject.send(request);
    await subject.send(() => request);
    for (const { headers } of subject.arrivals) {
      expect(headers).toMatchObject({ authorization: 'Basic ours', 'x-more': 'm', accept: 'application/json' });
    }
  });

  test('are no headers that the call needs itself, or that belong to the connection (CWE-444)', async () => {
    const names = ['Host', 'accept', 'Content-Type', 'content-length', 'Transfer-Encoding', 'connection', 'te'];
    for (const name of [...names, 'upgrade', 'proxy-authorization', 'a b', 'a:b', '']) {
      expect(() => new OutboundClient({ headers: { [name]: 'x' } })).toThrow('OutboundOptions.headers must be headers');
      await sends(() => ({ [name]: 'x' }));
      expect(await problem()).toBe(failure('the function of outbound.headers has no usable headers'));
    }
  });

  test('have values of one line, which no error quotes (CWE-113)', () => {
    for (const value of ['s3cret\r\nx: y', ' s3cret', 's3cret ', 's3cret\0', 's3crét', '']) {
      const make = () => new OutboundClient({ headers: { 'x-key': value } });
      expect(make).toThrow(/^OutboundOptions\.headers/);
      expect(make).not.toThrow(/cr.t/);
    }
  });

  test('are not named twice', () => {
    expect(() => new OutboundClient({ headers: { a: 'x', A: 'y' } })).toThrow('must not name a header twice');
  });
});

describe('a function of headers', () => {
  test('gets the URL and is asked for each call', async () => {
    const urls: string[] = [];
    await sends(async (url) => {
      urls.push(url.href);
      return { 'x-call': String(urls.length) };
    });
    expect(await sent()).toMatchObject({ 'x-call': '1' });
    expect(await sent()).toMatchObject({ 'x-call': '2' });
    expect(urls).toEqual([subject.url.href, subject.url.href]);
  });

  test.each<[string, () => never]>([
    [
      'throws',
      () => {
        throw new Error('s3cret');
      },
    ],
    ['rejects', () => Promise.reject(new Error('s3cret')) as never],
    ['returns a value with a line end', () => ({ 'x-key': 's3cret\r\nx: y' }) as never],
    ['returns nothing', () => undefined as never],
  ])('that %s means 503, and is not quoted', async (_rule, make) => {
    await sends(make);
    expect(await problem()).toBe(failure('the function of outbound.headers has no usable headers'));
    expect(subject.arrivals).toEqual([]);
  });
});

describe('a header from a file', () => {
  beforeEach(() => sends({ authorization: { file, prefix: 'Bearer ' } }));

  test('has its prefix, and not the line break at the end', async () => {
    expect(await sent()).toMatchObject({ authorization: 'Bearer pod-token-1' });
  });

  test('follows the file within a second, as Kubernetes rotates it', async () => {
    await sent();
    writeFileSync(join(folder, 'next'), 'pod-token-2');
    renameSync(join(folder, 'next'), file);
    expect(await sent()).toMatchObject({ authorization: 'Bearer pod-token-1' });
    subject.clock.pass(1);
    expect(await sent()).toMatchObject({ authorization: 'Bearer pod-token-2' });
  });

  test('that is not there means 503, tells file and errno, and works again when it is', async () => {
    rmSync(file);
    expect(await problem()).toBe(failure(`the file of the header authorization cannot be read (ENOENT): ${file}`));
    writeFileSync(file, 'pod-token-3');
    subject.clock.pass(1);
    expect(await sent()).toMatchObject({ authorization: 'Bearer pod-token-3' });
  });

  test.each<[string, () => void]>([
    ['it is empty', () => writeFileSync(file, '\n')],
    ['it has two lines', () => writeFileSync(file, 's3cret\nx: y\n')],
    ['it has more than 16 KiB', () => writeFileSync(file, 'x'.repeat(16 * 1_024 + 1))],
    [
      'it is a folder',
      () => {
        rmSync(file);
        mkdirSync(file);
      },
    ],
  ])('that holds no usable value means 503, and is not quoted: %s', async (_rule, change) => {
    change();
    await sends({ authorization: { file } });
    expect(await problem()).toBe(failure(`the file of the header authorization holds no usable value: ${file}`));
    expect(subject.arrivals).toEqual([]);
  });

  test('has an absolute path, and nothing but its options', () => {
    const make = (value: object) => () => new OutboundClient({ headers: { authorization: value as never } });
    expect(make({ file: 'token' })).toThrow('OutboundOptions.headers.authorization.file must be an absolute path');
    expect(make({ file, suffix: 'x' })).toThrow('OutboundOptions.headers.authorization has no option "suffix"');
  });

  test('shows its value neither in the client nor in its statistics', async () => {
    await sent();
    expect(inspect(subject.client, { depth: 9, showHidden: true })).not.toContain('pod-token');
    expect(JSON.stringify(subject.client.statistics)).not.toContain('pod-token');
  });
});
