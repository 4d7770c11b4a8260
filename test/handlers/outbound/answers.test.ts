import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { UpstreamError } from '@sallyport/core';
import { OutboundUnderTest } from './outbound-fixture.js';

const JSON_TYPE = { 'content-type': 'application/json' };

let subject: OutboundUnderTest;

beforeEach(async () => {
  subject = await OutboundUnderTest.start();
});

afterEach(() => subject.close());

function answers(headers: Record<string, string>, body: string | Buffer): void {
  subject.serve = (response) => response.writeHead(200, headers).end(body);
}

/** The message of a failure, without the place that it begins with. */
async function problem(): Promise<string> {
  const error: UpstreamError = await subject.client.send(subject.request).then(
    () => Promise.reject(new Error('it was answered')),
    (failure: UpstreamError) => failure,
  );
  expect(error.message.startsWith(`${subject.url}: `)).toBe(true);
  return error.message.slice(`${subject.url}: `.length);
}

describe('an answer whose media type says nothing about its content is read (RFC 9110 8.3):', () => {
  test.each([
    'text/plain',
    'text/plain; charset=utf-8',
    'text/json',
    'application/octet-stream',
    'binary/octet-stream',
    'Application/Octet-Stream',
    '',
  ])('%p', async (type) => {
    answers({ 'content-type': type }, '{}');
    expect(await subject.send()).toBe('{}');
  });

  test('none at all', async () => {
    answers({}, '{}');
    expect(await subject.send()).toBe('{}');
  });
});

describe('an answer whose media type says that it is something else is none, and the type is told:', () => {
  test.each(['text/html', 'application/xml', 'application/problem+json', 'image/png', 'multipart/form-data'])(
    '%s',
    async (type) => {
      answers({ 'content-type': `${type}; charset=utf-8` }, '{}');
      expect(await problem()).toBe(`the answer has the media type ${type}`);
    },
  );

  test('but not repeated where it is no type', async () => {
    answers({ 'content-type': `<script>alert(1)</script>${'x'.repeat(200)}` }, '{}');
    expect(await problem()).toBe('the answer has the media type (not shown)');
  });
});

describe('a byte order mark', () => {
  test('before an answer is left out (RFC 8259 8.1)', async () => {
    answers(JSON_TYPE, '\ufeff{}');
    expect(await subject.send()).toBe('{}');
  });

  test('is left out once', async () => {
    answers(JSON_TYPE, '\ufeff\ufeff{}');
    expect(await subject.send()).toBe('\ufeff{}');
  });
});

describe('an answer that is compressed although nobody asked for that is read (RFC 9110 8.4.1):', () => {
  const TEXT = JSON.stringify({ text: 'x'.repeat(500) });

  test.each<[string, Buffer]>([
    ['gzip', gzipSync(TEXT)],
    ['x-gzip', gzipSync(TEXT)],
    ['GZip', gzipSync(TEXT)],
    ['identity, gzip', gzipSync(TEXT)],
    ['deflate', deflateSync(TEXT)],
    ['deflate', deflateRawSync(TEXT)],
    ['br', brotliCompressSync(TEXT)],
    ['identity', Buffer.from(TEXT)],
  ])('%s', async (coding, body) => {
    answers({ ...JSON_TYPE, 'content-encoding': coding }, body);
    expect(await subject.send()).toBe(TEXT);
  });

  test.each<[string, (text: string) => Buffer]>([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('%s, and its limit counts after that (CWE-409)', async (coding, compress) => {
    answers({ ...JSON_TYPE, 'content-encoding': coding }, compress('x'.repeat(1_000)));
    expect(await subject.send()).toHaveLength(1_000);
    answers({ ...JSON_TYPE, 'content-encoding': coding }, compress('x'.repeat(1_001)));
    expect(await problem()).toBe('the answer is longer than 1000 bytes');
    answers({ ...JSON_TYPE, 'content-encoding': coding }, compress('x'.repeat(20_000_000)).subarray(0, 900));
    expect(await problem()).toBe('the answer is longer than 1000 bytes');
  });

  test.each<[string, Buffer]>([
    ['gzip', Buffer.from('{}')],
    ['gzip', gzipSync(TEXT).subarray(0, -9)],
    ['deflate', deflateSync(TEXT).subarray(0, -5)],
    ['br', brotliCompressSync(TEXT).subarray(0, -3)],
    ['br', Buffer.alloc(0)],
  ])('but not what does not fit its coding: %s', async (coding, body) => {
    answers({ ...JSON_TYPE, 'content-encoding': coding }, body);
    expect(await problem()).toBe('the answer does not fit its content coding');
  });

  test.each<[string, Buffer]>([
    ['gzip, gzip', gzipSync(gzipSync('{}'))],
    ['br, gzip', gzipSync(brotliCompressSync('{}'))],
    ['zstd', Buffer.from('{}')],
    ['aes128gcm', Buffer.from('{}')],
  ])('with several content codings, or an unknown one, is none, and they are told: %s', async (coding, body) => {
    answers({ ...JSON_TYPE, 'content-encoding': coding }, body);
    expect(await problem()).toBe(`the answer has the content coding ${coding}`);
  });
});
