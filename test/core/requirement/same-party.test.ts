import { setImmediate as aTurn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import {
  allOf,
  anyOf,
  headerHandler,
  optional,
  type PrincipalInit,
  type Requirement,
  type SameParty,
  SecurityChain,
  type SecurityHandler,
} from '@sallyport/core';
import { ask } from '@sallyport/core/testing';
import fc from 'fast-check';
import { cases } from '../../support/random-cases.js';
import { alice, apiKey, bearer } from '../chain/scripted-handlers.js';

const BOTH = { bearer: 'token', headers: { 'X-Key': 'k' } };

async function answer(sameParty: boolean | SameParty, first: Partial<PrincipalInit>, other: Partial<PrincipalInit>) {
  const requirement = allOf([bearer(alice(first)), apiKey(alice(other))], { sameParty });
  const { status, reason, event } = await ask(new SecurityChain({ name: 'both', requirement }), '/', BOTH);
  return { status, reason, culprit: event.fault?.culprit };
}

const GRANTED = { status: 200, reason: undefined, culprit: undefined };
const MISMATCH = { status: 401, reason: 'party_mismatch', culprit: undefined };
const BUG = { status: 500, reason: 'chain_failed', culprit: 'both' };

const A = { issuer: 'a' };
const B = { issuer: 'b' };
const APP = { ...A, kind: 'client', subject: 'app' } as const;

function key(name: string, init: Partial<PrincipalInit>): SecurityHandler {
  return headerHandler({ name, header: name, verify: () => ({ subject: 'alice', ...init }) });
}

async function answerTo(requirement: Requirement, names: readonly string[]) {
  const headers = Object.fromEntries(names.map((name) => [name, 'k']));
  const { status, reason, event } = await ask(new SecurityChain({ requirement }), '/', { headers });
  return { status, reason, culprit: event.fault?.culprit };
}

function answerToAll(proofs: readonly Partial<PrincipalInit>[]) {
  const names = proofs.map((_init, index) => `p${index}`);
  const handlers = proofs.map((init, index) => key(names[index] ?? '', init));
  return answerTo(allOf(handlers, { sameParty: true }), names);
}

/** Rule 5 in other words: what is not named is never the same. */
function belongTogether(first: Partial<PrincipalInit>, other: Partial<PrincipalInit>): boolean {
  if (!first.issuer || first.issuer !== other.issuer) return false;
  const clients = [first, other].map(({ kind, clientId, subject }) => clientId || (kind !== 'user' && subject));
  const oneIsClient = first.kind !== 'user' || other.kind !== 'user';
  return first.subject === other.subject || (oneIsClient && Boolean(clients[0]) && clients[0] === clients[1]);
}

describe('sameParty: true (rule 5)', () => {
  type Row = readonly [string, Partial<PrincipalInit>, Partial<PrincipalInit>, boolean];
  const rows: readonly Row[] = [
    ['one subject of one issuer', A, A, true],
    ['one subject of one issuer, by two clients', { ...A, clientId: 'app' }, { ...A, clientId: 'other' }, true],
    ['two subjects of one issuer', A, { ...A, subject: 'bob' }, false],
    ['one subject of two issuers [RFC 7519 4.1.2]', A, B, false],
    ['one subject, one issuer unknown', A, {}, false],
    ['one subject without issuers, such as two local accounts', {}, {}, false],
    ['one subject, both issuers empty', { issuer: '' }, { issuer: '' }, false],
    ['two users of one client', { ...A, clientId: 'app' }, { ...A, subject: 'bob', clientId: 'app' }, false],
    [
      'two users of two issuers, clients alike',
      { ...A, clientId: 'app' },
      { ...B, subject: 'bob', clientId: 'app' },
      false,
    ],
    ['two users of two clients', { ...A, clientId: 'app' }, { ...A, subject: 'bob', clientId: 'other' }, false],
    ['a user of a client, and the client', { ...A, clientId: 'app' }, APP, true],
    ['a user of a client, and a workload of it', { ...A, clientId: 'app' }, { ...APP, kind: 'workload' }, true],
    ['a user of a client, and the client elsewhere', { ...A, clientId: 'app' }, { ...APP, ...B }, false],
    [
      'a user of a client, and the client of no issuer',
      { ...A, clientId: 'app' },
      { ...APP, issuer: undefined },
      false,
    ],
    ['a user of a client, and another client', { ...A, clientId: 'other' }, APP, false],
    ['a user of no client, and a client', A, APP, false],
    ['a user of an empty client, and a client of one', { ...A, clientId: '' }, { ...APP, clientId: '' }, false],
    [
      'two tokens of one client',
      { ...APP, subject: 'x', clientId: 'app' },
      { ...APP, subject: 'y', clientId: 'app' },
      true,
    ],
    ['two clients', APP, { ...APP, subject: 'other' }, false],
    ['a user called like the client of another', { ...A, clientId: 'app' }, { ...A, subject: 'app' }, false],
  ];

  test.each(rows)('%s', async (_what, first, other, isGranted) => {
    expect(await answer(true, first, other)).toEqual(isGranted ? GRANTED : MISMATCH);
  });

  test('of more than two proofs every two have to agree: a client is no bridge between its users', async () => {
    const users = ['alice', 'bob'].map((subject) => ({ ...A, subject, clientId: 'app' }));
    const proofs = [APP, ...users];
    for (const order of [proofs, proofs.toReversed(), [users[0], APP, users[1]]]) {
      expect(await answerToAll(order as Partial<PrincipalInit>[])).toEqual(MISMATCH);
    }
    expect(await answerToAll([APP, users[0] ?? {}, users[0] ?? {}])).toEqual(GRANTED);
  });

  test('what an inner allOf has combined is compared proof by proof', async () => {
    const names = ['p0', 'p1', 'p2'];
    const [alone, ...inner] = [APP, { ...A, subject: 'alice' }, { ...APP, subject: 'foreign', clientId: 'app' }].map(
      (init, index) => key(names[index] ?? '', init),
    ) as [SecurityHandler, SecurityHandler, SecurityHandler];
    const requirement = allOf([optional(anyOf(allOf(...inner))), alone], { sameParty: true });
    expect(await answerTo(requirement, names)).toEqual(MISMATCH);
  });

  test('it grants exactly where every two proofs agree, in whatever order and however nested', async () => {
    const name = fc.constantFrom(undefined, '', 'a', 'b');
    const init = fc.record({
      kind: fc.constantFrom<('user' | 'client' | 'workload')[]>('user', 'client', 'workload'),
      issuer: name,
      subject: fc.constantFrom('a', 'b', 'c'),
      clientId: name,
    });
    const rule = fc.asyncProperty(fc.array(init, { minLength: 2, maxLength: 4 }), fc.nat(2), async (inits, cut) => {
      const pairs = inits.flatMap((first, index) => inits.slice(index + 1).map((other) => [first, other] as const));
      const expected = pairs.every(([first, other]) => belongTogether(first, other)) ? GRANTED : MISMATCH;
      expect(await answerToAll(inits)).toEqual(expected);
      expect(await answerToAll(inits.toReversed())).toEqual(expected);
      const names = inits.map((_init, index) => `p${index}`);
      const proofs = inits.map((each, index) => key(names[index] ?? '', each));
      const nested = allOf(...(proofs.slice(0, cut + 1) as [SecurityHandler]));
      expect(await answerTo(allOf([nested, ...proofs.slice(cut + 1)], { sameParty: true }), names)).toEqual(expected);
    });
    await fc.assert(rule, cases(100));
  });

  test('false, and nothing said, compare nothing', async () => {
    expect(await answer(false, {}, { subject: 'bob' })).toEqual(GRANTED);
    expect(await answerTo(allOf(key('p0', {}), key('p1', { subject: 'bob' })), ['p0', 'p1'])).toEqual(GRANTED);
  });
});

describe('sameParty: a function', () => {
  const tenant: SameParty = (first, other) => first.claims['tenant'] === other.claims['tenant'];

  test('decides by itself', async () => {
    const acme = { claims: { tenant: 'acme' } };
    expect(await answer(tenant, acme, { subject: 'bob', ...acme })).toEqual(GRANTED);
    expect(await answer(tenant, acme, { claims: { tenant: 'other' } })).toEqual(MISMATCH);
  });

  const bugs: readonly (readonly [string, () => unknown])[] = [
    ['throws', () => JSON.parse('{')],
    ['returns a truthy text', () => 'true'],
    ['returns nothing', () => undefined],
    ['answers later', async () => true],
    ['rejects later', () => Promise.reject(new Error('late'))],
  ];

  test.each(bugs)('a bug in it grants nothing and is told from a mismatch: %s', async (_what, sameParty) => {
    expect(await answer(sameParty as SameParty, {}, {})).toEqual(BUG);
    // A rejection that nobody handles would surface now, and fail the test.
    await aTurn();
  });
});
