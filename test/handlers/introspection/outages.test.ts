import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type IntrospectionEvent,
  type IntrospectionHandlerOptions,
  onIntrospectionEvent,
} from '@sallyport/handlers/introspection';
import { IntrospectionUnderTest } from './introspection-fixture.js';
import { IntrospectionServer, type ScriptedAnswer } from './introspection-server.js';

let server: IntrospectionServer;
let subject: IntrospectionUnderTest;
let events: IntrospectionEvent[];
let stop: () => void;

beforeEach(async () => {
  server = await IntrospectionServer.start();
  events = [];
  stop = onIntrospectionEvent((event) => events.push(event));
});

afterEach(async () => {
  stop();
  await subject.close();
  await server.close();
});

/** The query of the endpoint may hold a secret. */
function asking(options: Partial<IntrospectionHandlerOptions> = {}): IntrospectionUnderTest {
  subject = new IntrospectionUnderTest({ endpoint: `${server.endpoint}?key=s3cret`, ...options });
  return subject;
}

const ACTIVE = { body: { active: true, sub: 'alice' } };

describe('what an authorization server fails with is told with place, status, media type and what was unreadable', () => {
  test.each<[ScriptedAnswer, string, string, string]>([
    [{ status: 502 }, 'server_unavailable', 'ERR_SALLYPORT_UPSTREAM_STATUS', 'the answer has status 502'],
    [
      { headers: { 'content-type': 'text/html' }, body: '<html>' },
      'server_unavailable',
      'ERR_SALLYPORT_UPSTREAM_BODY',
      'the answer has the media type text/html',
    ],
    [
      { body: '{"active":true,"active":false}' },
      'answer_unusable',
      'introspection_answer_unusable',
      'the 30 bytes are no JSON object that can be read in one way only',
    ],
    [
      { body: { active: 'true' } },
      'answer_unusable',
      'introspection_answer_unusable',
      'active is a text, expected true or false',
    ],
    [{ body: {} }, 'answer_unusable', 'introspection_answer_unusable', 'active is missing, expected true or false'],
    [
      { body: { active: true, aud: 7 } },
      'answer_unusable',
      'introspection_answer_unusable',
      'aud is a number, expected a text or a list of texts',
    ],
    [
      { body: { active: true, sub: 'a', token_type: ['s3cret'] } },
      'answer_unusable',
      'introspection_answer_unusable',
      'token_type is a list, expected a text',
    ],
    [
      { body: { active: true } },
      'answer_unusable',
      'introspection_answer_unusable',
      'it names nobody: one of "sub", "username", "client_id" has to be there',
    ],
  ])('%j', async (answer, kind, reason, problem) => {
    server.answers(answer);
    const { status, event } = await asking().ask();
    const detail = `${server.endpoint}: ${problem}`;
    expect([status, event.steps[0]?.detail]).toEqual([503, detail]);
    expect(events).toEqual([{ kind, handler: 'introspection', reason, detail }]);
    expect(JSON.stringify([events, event])).not.toContain('s3cret');
  });

  test('a refused connection has the code of its error', async () => {
    const { endpoint } = server;
    asking({ endpoint });
    await server.close();
    const outage = subject.ask();
    while (subject.clock.waiting < 3) await new Promise(setImmediate);
    subject.clock.pass(0.05);
    expect((await outage).event.steps[0]?.detail).toBe(`${endpoint}: the connection failed (ECONNREFUSED)`);
    expect(events).toMatchObject([{ kind: 'server_unavailable', detail: expect.stringContaining('ECONNREFUSED') }]);
    server = await IntrospectionServer.start();
  });

  test('refused credentials have place and status [RFC 7662 2.3]', async () => {
    server.answers({ status: 401 });
    await asking().ask();
    const detail = `${server.endpoint}: the answer has status 401`;
    expect(events).toEqual([{ kind: 'credentials_refused', handler: 'introspection', status: 401, detail }]);
  });

  test('metadata that cannot be had are told at start, with each place', async () => {
    server.answers({ status: 404 });
    await asking({ endpoint: undefined as never, issuer: server.origin }).chain.start();
    const problem = (path: string) => `${server.origin}/.well-known/${path}: the answer has status 404`;
    const places = ['oauth-authorization-server', 'openid-configuration'].map(problem).join('; ');
    expect(events).toEqual([
      {
        kind: 'server_unavailable',
        handler: 'introspection',
        reason: 'ERR_SALLYPORT_UPSTREAM_STATUS',
        detail: `the metadata were not found at ${places}`,
      },
    ]);
  });
});

test('the same cause is told once, and again only after an answer', async () => {
  asking();
  const askWith = async (answer: ScriptedAnswer, token: string) => {
    server.answers(answer);
    await subject.ask(token);
    return events.filter(({ kind }) => kind === 'server_unavailable').length;
  };
  expect(await askWith(ACTIVE, 'a')).toBe(0);
  expect(await askWith({ status: 500 }, 'b')).toBe(1);
  expect(await askWith({ status: 500 }, 'c')).toBe(1);
  expect(await askWith({ status: 502 }, 'd')).toBe(2);
  expect(await askWith(ACTIVE, 'e')).toBe(2);
  expect(await askWith({ status: 502 }, 'f')).toBe(3);
});

test('a suspended call says what came before, and is no event of its own', async () => {
  server.answers({ status: 401 });
  asking();
  for (let index = 0; index < 10; index += 1) await subject.ask(`token-${index}`);
  const { event } = await subject.ask('token-11');
  expect(event.steps[0]?.detail).toBe(
    `calls are suspended after repeated failures, the last: ${server.endpoint}: the answer has status 401`,
  );
  expect(new Set(events.map(({ kind }) => kind))).toEqual(new Set(['credentials_refused']));
});

test.each([400, 403])('a %i about a stranger’s token is no outage of a server that answers others', async (status) => {
  asking();
  await subject.ask('good');
  server.answers({ status });
  expect((await subject.ask('odd')).event.steps[0]?.detail).toBe(`${server.endpoint}: the answer has status ${status}`);
  expect(events).toEqual([]);
});

test('a call that its caller gave up is nobody’s fault', async () => {
  let arrived = () => {};
  const hasArrived = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  server.answers(() => {
    arrived();
    return new Promise<never>(() => {});
  });
  asking();
  const client = new AbortController();
  const { buildRequest } = await import('@sallyport/core/testing');
  const decision = subject.chain.decide(buildRequest('GET /', { bearer: 'token', client: client.signal }));
  await hasArrived;
  client.abort();
  await decision;
  await new Promise(setImmediate);
  expect(events).toEqual([]);
});
