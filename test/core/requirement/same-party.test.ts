import { setImmediate as aTurn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { allOf, type PrincipalInit, type SameParty, SecurityChain } from '@sallyport/core';
import { ask } from '@sallyport/core/testing';
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

describe('sameParty: true (rule 5)', () => {
  type Row = readonly [string, Partial<PrincipalInit>, Partial<PrincipalInit>, boolean];
  const rows: readonly Row[] = [
    ['one subject', {}, {}, true],
    ['two subjects', {}, { subject: 'bob' }, false],
    ['one subject of one issuer', { issuer: 'a' }, { issuer: 'a' }, true],
    ['one subject of two issuers [RFC 7519 4.1.2]', { issuer: 'a' }, { issuer: 'b' }, false],
    ['one subject, one issuer unknown', { issuer: 'a' }, {}, true],
    ['two subjects, one client', { clientId: 'app' }, { subject: 'bob', clientId: 'app' }, true],
    ['two subjects, two clients', { clientId: 'app' }, { subject: 'bob', clientId: 'other' }, false],
    ['a user of a client, and the client', { clientId: 'app' }, { kind: 'client', subject: 'app' }, true],
    ['a user called like a client', { clientId: 'app' }, { kind: 'user', subject: 'app' }, false],
    ['two subjects without clients', {}, { subject: 'bob', clientId: undefined }, false],
  ];

  test.each(rows)('%s', async (_what, first, other, isGranted) => {
    expect(await answer(true, first, other)).toEqual(isGranted ? GRANTED : MISMATCH);
  });

  test('false, and nothing said, compare nothing', async () => {
    expect(await answer(false, {}, { subject: 'bob' })).toEqual(GRANTED);
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
