// Each row of the table "The tokens that are out today" of docs/migration/README.md: without its option such a token is
// refused, or the start, and with it the token is good.
import { equal, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { SecurityChain } from '@sallyport/core';
import { ask } from '@sallyport/core/testing';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { byJose, byJsonwebtoken } from './tokens.js';

const { JWT_SECRET: secret, PAGES_FOLDER: folder } = process.env;
const OLD = 'the secret that was good before the one of today ...';
const SHORT = 'superSecret';
const BASE64 = Buffer.from(secret).toString('base64');

const issuer = 'https://shop.example.com';
/** Takes tokens of jsonwebtoken that have all that an access token has. */
const ENTRY = { issuer, audience: 'shop', algorithms: 'HS256', keys: { secret }, acceptTyp: ['JWT'] };
const CLAIMS = { iss: issuer, aud: 'shop', sub: '42', scope: 'read' };

const without = (object, ...names) =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
const hour = { expiresIn: '1h' };

/** What the table calls the tokens, such a token, and the entry or entries of `issuers`, or what else changes, that take it. */
const ROWS = [
  {
    tokens: 'have no `iss`',
    token: () => byJsonwebtoken(without(CLAIMS, 'iss')),
    entry: { ...ENTRY, allowMissingIssuer: true },
  },
  {
    tokens: 'have no `aud`',
    token: () => byJsonwebtoken(without(CLAIMS, 'aud')),
    entry: { ...without(ENTRY, 'audience'), allowAnyAudience: true },
  },
  { tokens: 'have `typ: JWT`', token: () => byJsonwebtoken(CLAIMS), entry: ENTRY, usual: without(ENTRY, 'acceptTyp') },
  { tokens: 'have no `typ`', token: () => byJose(CLAIMS), entry: { ...ENTRY, allowMissingTyp: true } },
  {
    tokens: 'have neither `scope` nor `client_id`',
    token: () => byJsonwebtoken({ ...without(CLAIMS, 'scope'), id: 42 }),
    entry: { ...ENTRY, accessTokenClaims: 'id' },
  },
  {
    tokens: 'have no `sub`, or a number in it',
    token: () => byJsonwebtoken({ ...CLAIMS, sub: 42 }),
    entry: { ...ENTRY, mapPrincipal: (init, { sub }) => ({ ...init, subject: String(sub) }) },
  },
  {
    tokens: 'have no `iat`',
    token: () => byJsonwebtoken({ ...CLAIMS, exp: Math.floor(Date.now() / 1_000) + 3_600 }, { noTimestamp: true }),
    entry: { ...ENTRY, requiredClaims: ['sub'] },
  },
  { tokens: 'have no `exp`', token: () => byJsonwebtoken(CLAIMS, {}), entry: { ...ENTRY, allowMissingExpiry: true } },
  {
    tokens: 'are signed with a secret shorter than their hash',
    token: () => byJsonwebtoken(CLAIMS, hour, SHORT),
    usual: { ...ENTRY, keys: { secret: SHORT } },
    entry: { ...ENTRY, keys: { secret: SHORT, allowShortSecret: true } },
  },
  {
    tokens: 'are signed with one of several secrets',
    token: () => byJsonwebtoken(without(CLAIMS, 'iss'), hour, OLD),
    usual: { ...ENTRY, allowMissingIssuer: true },
    entry: [
      { ...ENTRY, allowMissingIssuer: true },
      { ...ENTRY, allowMissingIssuer: true, keys: { secret: OLD } },
    ],
  },
  {
    tokens: 'are signed with a secret that is written in base64',
    token: () => byJsonwebtoken(CLAIMS, hour, Buffer.from(BASE64, 'base64')),
    usual: { ...ENTRY, keys: { secret: BASE64 } },
    entry: { ...ENTRY, keys: { secret: Buffer.from(BASE64, 'base64') } },
  },
  {
    tokens: 'are not sent as `Authorization: Bearer`',
    token: () => byJsonwebtoken(CLAIMS),
    entry: ENTRY,
    scheme: 'Token',
    source: 'authorization:token',
  },
];
/** What no option takes. */
const NOT_AVAILABLE = ['are sent in a body or a form'];

function firstColumn() {
  const index = readFileSync(join(folder, 'README.md'), 'utf8');
  const [, table = ''] = /^\| your tokens \|.*\n\|---\|---\|\n((?:\|.*\n)+)/m.exec(index) ?? [];
  return table
    .trim()
    .split('\n')
    .map((row) => row.split('|')[1].trim());
}

/** The status of a request with this token, or the code of the error at start. */
async function outcome(entry, token, { source, scheme = 'Bearer' }) {
  try {
    const tokens = new JwtHandler({ realm: 'shop', issuers: [entry].flat(), ...(source && { source }) });
    const headers = { Authorization: `${scheme} ${token}` };
    const { status, principal } = await ask(new SecurityChain({ requirement: tokens }), 'GET /', { headers });
    return status === 200 ? principal.subject : status;
  } catch (error) {
    return error.code;
  }
}

describe('the tokens that are out today', () => {
  test('are those of the table, row by row', () => {
    const rows = firstColumn();
    equal(rows.length, ROWS.length + NOT_AVAILABLE.length);
    for (const [index, { tokens }] of [...ROWS, ...NOT_AVAILABLE.map((tokens) => ({ tokens }))].entries()) {
      ok(rows[index].startsWith(tokens), `${rows[index]}: ${tokens}`);
    }
  });

  for (const { tokens, token, entry, usual = ENTRY, source, scheme } of ROWS) {
    test(`are good by their option alone: ${tokens}`, async () => {
      const sent = await token();
      const refused = await outcome(usual, sent, { scheme });
      ok([401, 'ERR_SALLYPORT_OPTION_INVALID'].includes(refused), String(refused));
      equal(await outcome(entry, sent, { scheme, source }), '42');
    });
  }
});
