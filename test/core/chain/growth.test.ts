import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Guard, SecurityChainOptions, SecurityHandler } from '@sallyport/core';
import type { AuthorizationServer, RequestParts } from '@sallyport/core/testing';
import { PassCounter } from './passes.js';

const FEW = 16;

const counter = new PassCounter();
/** Loaded while the counter is open. */
let core: typeof import('@sallyport/core');
let extend: typeof import('@sallyport/core/extend');
let testing: typeof import('@sallyport/core/testing');
let jwt: typeof import('@sallyport/handlers/jwt');
let server: AuthorizationServer;

beforeAll(async () => {
  core = await import('@sallyport/core');
  extend = await import('@sallyport/core/extend');
  testing = await import('@sallyport/core/testing');
  jwt = await import('@sallyport/handlers/jwt');
  server = await testing.AuthorizationServer.start();
});
afterAll(async () => {
  counter.close();
  await server.close();
});

function many<Made>(count: number, make: (index: number) => Made): readonly Made[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** Takes the bearer tokens that begin with its own name. */
function ofToken(index: number): SecurityHandler {
  const name = `token-${index}`;
  return {
    name,
    challenges: [{ scheme: 'Bearer', parameters: { realm: 'test' } }],
    source: [{ at: 'authorization:bearer', selective: true }],
    extract: ({ authorization }) =>
      authorization.kind === 'credentials' && authorization.value.startsWith(`${name}.`) ? name : undefined,
    verify: () => core.authenticated(core.createPrincipal({ subject: name })),
  };
}

function ofHeader(index: number): SecurityHandler {
  const header = headerOf(index);
  return core.headerHandler({ name: header, header, verify: (value) => ({ subject: value }) });
}

/** All are equally long: a name of another length is passed over at once. */
function headerOf(index: number): string {
  return `X-${100 + index}`;
}

const OF_FIRST_HEADER: RequestParts = { headers: { [headerOf(0)]: 'alice' } };

function ofIssuers(...names: readonly string[]): SecurityHandler {
  const { audience, jwksUri } = server;
  const keys = { jwksUri, outbound: { allowInsecureLoopback: true, timeoutMs: 25_000 } };
  const issuers = names.map((issuer) => ({ issuer, audience, algorithms: 'ES256' as const, keys }));
  return new jwt.JwtHandler({ name: names[0] as string, realm: 'test', issuers });
}

function passing(): Guard {
  return { name: 'passing', check: () => extend.PERMITTED };
}

interface Growing {
  readonly chain: SecurityChainOptions;
  readonly parts: RequestParts;
  readonly target?: string;
  readonly outcome?: object;
}

type Row = readonly [title: string, make: (count: number) => Growing | Promise<Growing>];

/** The passes through the dearest block of a decision, by a chain that has decided the same before. */
async function passesOf({
  chain: options,
  parts,
  target = '/',
  outcome = { kind: 'granted' },
}: Growing): Promise<number> {
  const chain = new core.SecurityChain(options);
  const decide = () => chain.decide(testing.buildRequest(target, parts));
  expect(await decide()).toMatchObject(outcome);
  const passes = counter.mostOf(() => void decide());
  await chain.close();
  return passes;
}

describe('twice as many cost a decision at most twice as much', () => {
  const takenBy = (index: number, count: number): Growing => ({
    chain: { requirement: core.anyOf(...many(count, ofToken)) },
    parts: { bearer: `token-${index}.` },
  });
  const rows: readonly Row[] = [
    ['handlers of one place, of which the first takes the token', (count) => takenBy(0, count)],
    ['handlers of one place, of which one in the middle takes the token', (count) => takenBy(count / 2, count)],
    ['handlers of one place, of which the last takes the token', (count) => takenBy(count - 1, count)],
    [
      'handlers of one place, of which none takes the token',
      (count) => ({
        ...takenBy(count, count),
        outcome: { kind: 'denied', status: 401, reason: 'credentials_unrecognised' },
      }),
    ],
    [
      'handlers of JWTs, of which the last has seen the token',
      async (count) => {
        const others = many(count - 1, (index) => ofIssuers(`https://other-${index}.example`));
        const requirement = core.anyOf(...others, ofIssuers(server.issuer));
        return { chain: { requirement }, parts: await server.as({ subject: 'alice' }) };
      },
    ],
    [
      'handlers of places of their own',
      (count) => ({
        chain: { requirement: core.anyOf(...many(count, ofHeader)) },
        parts: { headers: { [headerOf(count - 1)]: 'alice' } },
      }),
    ],
    [
      'guards',
      (count) => ({ chain: { requirement: ofHeader(0), guards: many(count, passing) }, parts: OF_FIRST_HEADER }),
    ],
  ];

  test.each(rows)('%s', async (_title, make) => {
    const passes = await passesOf(await make(FEW));
    expect(passes).toBeGreaterThanOrEqual(FEW - 1);
    expect(await passesOf(await make(2 * FEW))).toBeLessThanOrEqual(2 * passes);
  });
});

describe('how many there are costs a decision nothing', () => {
  const rows: readonly Row[] = [
    [
      'operations of a contract',
      (count) => {
        const operations = core.routes(many(count, (index) => core.route('GET', `/resource${index}/{id}`)));
        const target = `/resource${count - 1}/7`;
        return { chain: { requirement: ofHeader(0), operations }, parts: OF_FIRST_HEADER, target };
      },
    ],
    [
      'issuers of one handler',
      async (count) => {
        const others = many(count - 1, (index) => `https://other-${index}.example`);
        const requirement = ofIssuers(...others, server.issuer);
        return { chain: { requirement }, parts: await server.as({ subject: 'alice' }) };
      },
    ],
  ];

  test.each(rows)('%s', async (_title, make) => {
    const passes = await passesOf(await make(FEW));
    expect(passes).toBeGreaterThan(0);
    expect(await passesOf(await make(2 * FEW))).toBe(passes);
  });
});
