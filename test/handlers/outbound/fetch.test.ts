import { setImmediate as turn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { ConfigurationError } from '@sallyport/core';
import { OutboundClient, type OutboundOptions } from '@sallyport/handlers/outbound';
import { OutboundUnderTest } from './outbound-fixture.js';

type Fetch = NonNullable<OutboundOptions['fetch']>;

let subject: OutboundUnderTest | undefined;

afterEach(() => subject?.close());

const JSON_TYPE = { 'content-type': 'application/json' };

async function calling(fetch: Fetch): Promise<OutboundUnderTest> {
  subject = await OutboundUnderTest.start({ fetch });
  return subject;
}

describe('a fetch that makes the calls', () => {
  test('gets the address, what is sent, and the order to follow no redirect', async () => {
    const seen: unknown[] = [];
    const calls = await calling(async (url, { signal, ...init }) => {
      seen.push(url, init, signal.aborted);
      return new Response('{}', { headers: JSON_TYPE });
    });
    const url = new URL('?a=b', calls.url);
    await calls.send({ ...calls.request, url, method: 'POST', headers: { 'x-a': 'b' }, body: 'c' });
    const headers = { 'x-a': 'b', accept: 'application/json' };
    expect(seen).toEqual([url.href, { method: 'POST', headers, body: 'c', redirect: 'manual' }, false]);
  });

  test('that follows no order to stop is read no further', async () => {
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      async pull(controller) {
        pulled += 1;
        await turn();
        controller.enqueue(new Uint8Array(500));
      },
    });
    const calls = await calling(async () => new Response(endless, { headers: JSON_TYPE }));
    expect(await calls.send()).toBe('BODY');
    for (let turns = 0; turns < 20; turns += 1) await turn();
    expect(pulled).toBeLessThan(10);
  });

  test('that undoes a coding is not asked to undo it twice, and the limit counts behind it (CWE-409)', async () => {
    const calls = await calling((url, init) => fetch(url, init));
    const answer = (length: number) => {
      const body = gzipSync('x'.repeat(length));
      calls.serve = (response) => response.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' }).end(body);
      return calls.send();
    };
    expect(await answer(1_000)).toHaveLength(1_000);
    expect(await answer(20_000_000)).toBe('BODY');
  });

  test('that answers in a coding which nobody knows is not believed', async () => {
    const headers = { ...JSON_TYPE, 'content-encoding': 'gzip, gzip' };
    expect(await (await calling(async () => new Response('{}', { headers }))).send()).toBe('BODY');
  });

  test('that fails is told without its words, which may quote the address', async () => {
    const calls = await calling(async (url) => {
      throw Object.assign(new Error(`no way to ${url}`), { code: 'ECONNREFUSED' });
    });
    const error = await calls.client.send(calls.request).catch((failure: Error) => failure);
    expect(error).toMatchObject({ message: `${calls.url}: the connection failed (ECONNREFUSED)` });
    expect((error as Error).cause).toBeUndefined();
  });

  test('is told to stop when the client closes', async () => {
    const hanging: Fetch = (_url, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const calls = await calling(hanging);
    const pending = calls.send();
    await calls.client.close();
    expect(await pending).toBe('UNREACHABLE');
  });

  test('inherits nothing from a prototype that everybody shares', async () => {
    const everybody = Object.prototype as { redirect?: string; dispatcher?: unknown };
    let isInherited: boolean | undefined;
    const calls = await calling(async (_url, init) => {
      isInherited = 'dispatcher' in init;
      return new Response('{}', { headers: JSON_TYPE });
    });
    everybody.dispatcher = {};
    try {
      await calls.send();
    } finally {
      delete everybody.dispatcher;
    }
    expect(isInherited).toBe(false);
  });

  test.each<OutboundOptions>([
    { proxy: 'environment' },
    { certificateAuthorities: 'a' },
    { clientCertificate: { cert: 'a', key: 'b' } },
    { dangerouslyAcceptAnyCertificate: true },
    { dispatcher: { dispatch: () => true } as never },
  ])('makes an option idle that is about connections: %j', (option) => {
    expect(() => new OutboundClient({ fetch: async () => new Response(), ...option })).toThrow(ConfigurationError);
  });
});
