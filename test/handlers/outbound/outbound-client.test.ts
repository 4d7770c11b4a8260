import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { UpstreamError } from '@sallyport/core';
import { type Caller, OutboundClient } from '@sallyport/handlers/outbound';
import { generate } from 'selfsigned';
import { OutboundUnderTest } from './outbound-fixture.js';
import { WAYS } from './ways.js';

let subject: OutboundUnderTest;

describe.each(WAYS)('%s,', (_name, way) => {
  beforeEach(async () => {
    subject = await OutboundUnderTest.start(way);
  });

  afterEach(() => subject.close());

  describe('a call', () => {
    test('asks for what it takes', async () => {
      await subject.send({ ...subject.request, mediaTypes: ['application/jwk-set+json', 'application/json'] });
      expect(subject.arrivals[0]?.headers.accept).toBe('application/jwk-set+json, application/json');
    });

    test('goes over a connection that is kept open', async () => {
      expect(await subject.sendTimes(10)).toEqual(Array(10).fill('{}'));
      // The first is not free yet in the moment in which its answer is there.
      expect(subject.connections).toBeLessThanOrEqual(2);
    });

    test('takes a body up to its limit, to the byte', async () => {
      subject.serve = (response) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end('x'.repeat(1_000));
      expect(await subject.send()).toHaveLength(1_000);
      expect(await subject.send({ ...subject.request, maxBytes: 999 })).toBe('BODY');
    });

    test('follows no redirect', async () => {
      subject.fails(307, { location: subject.url.href });
      expect(await subject.send()).toBe('STATUS');
      expect(subject.arrivals).toHaveLength(1);
    });

    test.each([
      ['a body that it takes', 'no', 'application/json', 'no'],
      ['another body', 'yes', 'application/json', 'STATUS'],
      ['a body of another media type', 'no', 'text/html', 'STATUS'],
      ['a body that is too long', 'no'.repeat(501), 'application/json', 'STATUS'],
    ])('reads a refusal (401, 403) with %s as the asker says (RFC 7662 2.2)', async (_what, body, type, outcome) => {
      const request = { ...subject.request, isAnswer: (bytes: Buffer) => bytes.toString().startsWith('no') };
      for (const status of [401, 403]) {
        subject.serve = (response) => response.writeHead(status, { 'content-type': type }).end(body);
        expect(await subject.send(request)).toBe(outcome);
        expect(await subject.send()).toBe('STATUS');
      }
      subject.serve = (response) => response.writeHead(400, { 'content-type': type }).end(body);
      expect(await subject.send(request)).toBe('STATUS');
    });

    test('reads refusals of other statuses where the asker names these', async () => {
      const request = { ...subject.request, isAnswer: () => true, refusals: [400] };
      const outcomes = [];
      for (const status of [400, 401]) {
        subject.serve = (response) => response.writeHead(status, { 'content-type': 'application/json' }).end('no');
        outcomes.push(await subject.send(request));
      }
      expect(outcomes).toEqual(['no', 'STATUS']);
    });

    test('that fails says where and how, without query, header or body', async () => {
      subject.fails(500);
      const url = new URL('?key=s3cret', subject.url);
      const request = { ...subject.request, url, headers: { authorization: 'Bearer s3cret' } };
      const error: unknown = await subject.client.send(request).catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(UpstreamError);
      expect((error as UpstreamError).message).toBe(`${subject.url}: the answer has status 500`);
      expect((error as UpstreamError).cause).toBeUndefined();
    });

    test('takes an answer that came in time, also where this process was too busy to read it in time', async () => {
      const answer = subject.send();
      await subject.arrived(1);
      subject.clock.stall(1);
      subject.clock.pass(2);
      expect(await answer).toBe('{}');
    });

    test('gives up at its deadline, to the millisecond, and lets go of the connection', async () => {
      subject.serve = () => {};
      await subject.client.warmUp();
      let outcome: string | undefined;
      const pending = subject.send().then((result) => {
        outcome = result;
      });
      await subject.arrived(1);
      subject.clock.pass(1.999);
      await turn();
      expect(outcome).toBeUndefined();
      subject.clock.pass(0.001);
      await pending;
      expect(outcome).toBe('TIMEOUT');
      expect(subject.clock.waiting).toBe(0);
    });

    test('after close() opens connections anew', async () => {
      await subject.send();
      const before = subject.connections;
      await subject.client.close();
      expect(await subject.send()).toBe('{}');
      expect(subject.connections).toBe(before + 1);
    });
  });

  describe('a second attempt', () => {
    test('follows a connection that failed before an answer began', async () => {
      subject.serve = (response) => {
        subject.works();
        response.destroy();
      };
      expect(await subject.send()).toBe('{}');
      expect(subject.arrivals).toHaveLength(2);
      expect(subject.client.statistics).toMatchObject({ calls: 1, retries: 1, failures: 0 });
    });

    test('is the last one', async () => {
      subject.serve = (response) => response.destroy();
      expect(await subject.send()).toBe('UNREACHABLE');
      expect(subject.arrivals).toHaveLength(2);
      expect(subject.client.statistics).toMatchObject({ calls: 1, retries: 1, failures: 1 });
    });

    test.each<[string, (response: ServerResponse) => void]>([
      ['a status', (response) => response.writeHead(503).end()],
      ['a wrong media type', (response) => response.writeHead(200, { 'content-type': 'text/html' }).end()],
      [
        'a connection that failed within the answer',
        (response) => {
          response.writeHead(200, { 'content-type': 'application/json' }).write('{', () => response.destroy());
        },
      ],
    ])('does not follow %s', async (_rule, serve) => {
      subject.serve = serve;
      expect(await subject.send()).not.toBe('{}');
      expect(subject.arrivals).toHaveLength(1);
    });

    test('sends what a function makes anew', async () => {
      subject.serve = (response) => {
        subject.works();
        response.destroy();
      };
      let made = 0;
      await subject.send(() => {
        made += 1;
        return { ...subject.request, method: 'POST', body: `body ${made}` };
      });
      expect(subject.arrivals.map(({ body }) => body)).toEqual(['body 1', 'body 2']);
    });
  });

  describe('many calls', () => {
    beforeEach(async () => {
      await subject.close();
      subject = await OutboundUnderTest.start({ ...way, maxConcurrent: 2, maxQueued: 2 });
      subject.serve = () => {};
      await subject.client.warmUp();
    });

    test('are under way up to the limit, wait up to another, and are refused at once beyond that', async () => {
      const waiting: ServerResponse[] = [];
      subject.serve = (response) => waiting.push(response);
      const calls = [1, 2, 3, 4].map(() => subject.send());
      expect(await subject.send()).toBe('OVERLOADED');
      await subject.arrived(2);
      expect(subject.arrivals).toHaveLength(2);
      subject.works();
      for (const response of waiting) response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      expect(await Promise.all(calls)).toEqual(['{}', '{}', '{}', '{}']);
      expect(subject.client.statistics).toMatchObject({ calls: 5, failures: 1, refused: 1 });
    });

    const junk = { credential: 'junk', address: '203.0.113.9', standing: 'stranger' } as const;

    test.each<[string, Caller]>([
      ['of one network lose their places to a caller of another', { ...junk, address: '198.51.100.7' }],
      ['of strangers lose their places to a token that was good before', { ...junk, standing: 'known' }],
    ])('%s (CWE-400)', async (_rule, caller) => {
      const waiting: ServerResponse[] = [];
      subject.serve = (response) => waiting.push(response);
      const calls = [1, 2, 3, 4].map(() => subject.send(subject.request, junk));
      const other = subject.send(subject.request, caller);
      expect(await calls[3]).toBe('OVERLOADED');
      await subject.arrived(2);
      subject.works();
      for (const response of waiting) response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      expect(await Promise.all([other, ...calls.slice(0, 3)])).toEqual(['{}', '{}', '{}', '{}']);
    });

    test('that waited for most of their time are never sent', async () => {
      const calls = [1, 2, 3, 4].map(() => subject.send());
      await subject.arrived(2);
      subject.clock.pass(2);
      expect(await Promise.all(calls)).toEqual(['TIMEOUT', 'TIMEOUT', 'OVERLOADED', 'OVERLOADED']);
      subject.works();
      expect(await subject.send()).toBe('{}');
      expect(subject.arrivals).toHaveLength(3);
    });
  });
});

describe('over connections of the client,', () => {
  beforeEach(async () => {
    subject = await OutboundUnderTest.start({ maxConcurrent: 2 });
  });

  afterEach(() => subject.close());

  test('no compression is asked for', async () => {
    await subject.send();
    expect(subject.arrivals[0]?.headers['accept-encoding']).toBe('identity');
  });

  test('there are no more of these than calls may be under way', async () => {
    expect(await Promise.all([1, 2, 3, 4].map(() => subject.send()))).toEqual(['{}', '{}', '{}', '{}']);
    expect(subject.connections).toBe(2);
  });

  test('TLS trusts the configured authorities, nobody else, and anybody only by a name that says so', async () => {
    const altNames = [{ type: 2 as const, value: 'localhost' }];
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
      keySize: 2048,
      extensions: [{ name: 'subjectAltName', altNames }],
    });
    const server = createServer({ key, cert }, (_incoming, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    }).listen(0);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const outcomeOf = async (options: object, host = 'localhost') => {
      const client = new OutboundClient(options);
      const request = { ...subject.request, url: new URL(`https://${host}:${port}/`) };
      const outcome = await client.send(request).then(
        () => 'answered',
        (error: UpstreamError) => error.code,
      );
      await client.close();
      return outcome;
    };
    expect(await outcomeOf({})).toBe('ERR_SALLYPORT_UPSTREAM_UNREACHABLE');
    // A polluted prototype is no configuration. That of Node's own objects is another one than that of a test.
    const common: { ca?: string } = Object.getPrototypeOf(server.address());
    common.ca = cert;
    const polluted = await outcomeOf({});
    delete common.ca;
    expect(polluted).toBe('ERR_SALLYPORT_UPSTREAM_UNREACHABLE');
    expect(await outcomeOf({ certificateAuthorities: cert })).toBe('answered');
    expect(await outcomeOf({ certificateAuthorities: cert }, '127.0.0.1')).toBe('ERR_SALLYPORT_UPSTREAM_UNREACHABLE');
    expect(warn).not.toHaveBeenCalled();
    expect(await outcomeOf({ dangerouslyAcceptAnyCertificate: true })).toBe('answered');
    expect(warn).toHaveBeenCalledTimes(1);
    warn.mockRestore();
    server.close();
    server.closeAllConnections();
  });
});
