import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ask } from '@sallyport/core/testing';
import { NOON } from '../jwt/jwt-fixture.js';
import { base64url, newKey, signatureOf } from '../jwt/signing.js';
import { DpopClient, DpopUnderTest, EXTERNAL_URL, outcomeOf } from './dpop-fixture.js';

type Members = Readonly<Record<string, unknown>>;

/** A proof that lacks nothing but what the row says. */
interface BadProof {
  readonly title: string;
  readonly ref: string;
  readonly reason: string;
  readonly header?: Members;
  readonly headerWithout?: readonly string[];
  readonly headerText?: string;
  readonly jwk?: Members;
  readonly jwkWithout?: readonly string[];
  readonly claims?: Members;
  readonly claimsWithout?: readonly string[];
  readonly claimsText?: string;
  /** Seconds from now. */
  readonly iatOffset?: number;
  readonly ath?: string;
  readonly signature?: string;
  readonly signer?: 'other';
  /** The value of the header DPoP, or its lines; the parts of the proof stand in braces. */
  readonly text?: string;
  readonly lines?: readonly string[];
  readonly line?: string;
}

const ROWS: readonly BadProof[] = JSON.parse(
  readFileSync(join(__dirname, '../../vectors/dpop/bad-proofs.json'), 'utf8'),
);

const client = new DpopClient();
const other = new DpopClient();
const token = client.token();
const secrets = client.key.privateKey.export({ format: 'jwk' });

const HASHES: Readonly<Record<string, string>> = {
  'another token': hash('sha256', 'another token', 'base64url'),
  hex: hash('sha256', token, 'hex'),
  base64: `${hash('sha256', token, 'base64url')}=`,
  token,
  sha512: hash('sha512', token, 'base64url'),
  cut: hash('sha256', token, 'base64url').slice(0, 22),
};

const SIGNATURES: Readonly<Record<string, (input: string) => Buffer>> = {
  'of another key': (input) => signatureOf(input, 'ES256', newKey('ES256').privateKey),
  'of other claims': (input) => good(`${input.split('.')[0]}.${base64url('{}')}`),
  'of another header': (input) => good(`${base64url('{}')}.${input.split('.')[1]}`),
  'with a bit changed': (input) => good(input).map((byte, index) => (index === 40 ? byte ^ 1 : byte)) as Buffer,
  'of zeros': () => Buffer.alloc(64),
  'of one byte less': (input) => good(input).subarray(1),
  'of one byte more': (input) => Buffer.concat([good(input), Buffer.of(0)]),
  'in DER': (input) => Buffer.concat([Buffer.of(0x30, 0x44), good(input)]),
  'of the empty text': () => good(''),
};

function good(input: string): Buffer {
  return signatureOf(input, 'ES256', client.key.privateKey);
}

const without = (members: Members, names: readonly string[] = []) =>
  Object.fromEntries(Object.entries(members).filter(([name]) => !names.includes(name)));

/** The parts of a proof that a row describes. */
function partsOf(row: BadProof): Readonly<Record<string, string>> {
  const signer = row.signer === 'other' ? other : client;
  const changed = Object.entries(row.jwk ?? {}).map(([name, value]) => [name, filled(value, { ...secrets })]);
  const jwk = without({ ...signer.jwk, ...Object.fromEntries(changed) }, row.jwkWithout);
  const headerText =
    row.headerText?.replace('{jwk}', JSON.stringify(jwk)) ??
    JSON.stringify(without({ typ: 'dpop+jwt', alg: 'ES256', jwk, ...row.header }, row.headerWithout));
  const [method, path] = (row.line ?? 'GET /orders').split(' ');
  const iat = NOON + (row.iatOffset ?? 0);
  const ath = row.ath === undefined ? hash('sha256', token, 'base64url') : HASHES[row.ath];
  const said = { jti: row.title, htm: method, htu: EXTERNAL_URL + path, iat, ath, ...row.claims };
  const claimsText = row.claimsText ?? JSON.stringify(without(said, row.claimsWithout));
  const input = `${base64url(headerText)}.${base64url(claimsText)}`;
  const sign = SIGNATURES[row.signature ?? ''] ?? ((text) => signatureOf(text, 'ES256', signer.key.privateKey));
  const signature = base64url(sign(input));
  const [header, claims] = input.split('.') as [string, string];
  return { header, claims, signature, token, proof: `${input}.${signature}`, other: client.proof(token) };
}

function filled(value: unknown, parts: Readonly<Record<string, unknown>>): unknown {
  return typeof value === 'string' ? value.replace(/\{(\w+)\}/g, (whole, name) => String(parts[name] ?? whole)) : value;
}

test.each(ROWS)('$title is refused: $reason ($ref)', async (row) => {
  const under = new DpopUnderTest({ nonce: 'never' });
  const parts = partsOf(row);
  const lines = (row.lines ?? [row.text ?? '{proof}']).map((text) => String(filled(text, parts)));
  const answer = await ask(under.chain, row.line ?? 'GET /orders', {
    headers: { Authorization: `DPoP ${token}`, ...(lines.length > 0 && { DPoP: lines }) },
  });
  expect(outcomeOf(answer)).toBe(`401 ${row.reason}`);
  const error = row.reason === 'dpop_key_mismatch' ? 'invalid_token' : 'invalid_dpop_proof';
  expect(answer.challenges).toEqual(['Bearer realm="test"', expect.stringContaining(`error="${error}"`)]);
  const told = JSON.stringify([answer.body, answer.headers, answer.event]);
  expect(told).not.toContain(secrets.d);
  expect(told).not.toContain(token);
});

test('there are at least 150 bad proofs, and the same proof without a fault is good', async () => {
  expect(ROWS.length).toBeGreaterThanOrEqual(150);
  const proof = partsOf({ title: 'good', ref: '', reason: '' })['proof'];
  expect(await new DpopUnderTest({ nonce: 'never' }).outcome(token, proof)).toBe('200');
});
