// What API keys cost: a key that was seen before, from the header and as a Basic user, and a key's first use (goal 3).
// Run after a build: npm run bench -- api-keys [--quick]
import { createHmac, generateKeyPairSync, hash, sign } from 'node:crypto';
import { SecurityChain } from '@sallyport/core';
import { SecurityRequest } from '@sallyport/core/extend';
import { ApiKeyHandler, MemoryApiKeyStore } from '@sallyport/handlers/api-key';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { measure } from './measure.js';
import { atMost, IS_QUICK, printGoals, printTable } from './report.js';

const KEYS = IS_QUICK ? 10 : 1_000;
const FIRST_USES = IS_QUICK ? 20 : 20_000;
const SECRET = 'the secret of this deployment, 32 characters or more';

async function issued() {
  const handler = new ApiKeyHandler({ prefix: 'acme', secret: SECRET, store: new MemoryApiKeyStore() });
  const made = await Promise.all(
    Array.from({ length: KEYS }, (_, index) =>
      handler.keys.create({ subject: `partner-${index}`, scopes: ['orders:read'] }),
    ),
  );
  return { handler, keys: made.map(({ key }) => key.reveal()) };
}

const requestOf = (...rawHeaders) => new SecurityRequest({ method: 'GET', target: '/', rawHeaders });
const asUser = (key) => `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
/** A header brings a new string each time; a string that was looked up before would bring its hash along. */
const fresh = (text) => Buffer.from(text, 'latin1').latin1Slice();

/** The same number of remembered JWTs of the length of a key and more, to compare with. */
async function bearerTokens() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = { issuer: 'https://as.example', audience: 'a', algorithms: 'ES256', keys: { publicKey, kid: 'k' } };
  const chain = new SecurityChain({ requirement: new JwtHandler({ realm: 'bench', issuers: [issuer] }) });
  const exp = Math.floor(Date.now() / 1_000) + 3_600;
  const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const lines = Array.from({ length: KEYS }, (_, index) => {
    const claims = {
      iss: issuer.issuer,
      aud: 'a',
      sub: `partner-${index}`,
      client_id: 'c',
      iat: exp - 3_600,
      exp,
      jti: 'j',
    };
    const input = `${encoded({ alg: 'ES256', typ: 'at+jwt', kid: 'k' })}.${encoded(claims)}`;
    const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
    return `Bearer ${input}.${signature.toString('base64url')}`;
  });
  for (const line of lines) {
    const decision = await chain.decide(requestOf('Authorization', line));
    if (decision.kind !== 'granted') throw new Error(decision.reason);
  }
  return { chain, lines };
}

async function seenBefore() {
  const { handler, keys } = await issued();
  const chain = new SecurityChain({ requirement: handler });
  const users = keys.map(asUser);
  for (const key of keys) await chain.decide(requestOf('X-API-Key', key));
  const kinds = keys.map((key) => chain.decide(requestOf('X-API-Key', key)).kind);
  if (kinds.some((kind) => kind !== 'granted')) throw new Error('not every key is remembered');
  const tokens = await bearerTokens();
  const byHash = new Map(keys.map((key) => [hash('sha256', key, 'hex'), { subject: key }]));
  const figures = measure([
    [
      'limit: Map by the SHA-256 of the key',
      (index) => fresh(keys[index % KEYS]),
      (key) => byHash.get(hash('sha256', key, 'hex')),
    ],
    [
      'decide(), key in the header, seen before',
      (index) => requestOf('X-API-Key', fresh(keys[index % KEYS])),
      (request) => chain.decide(request),
    ],
    [
      'decide(), bearer token (JWT), seen before',
      (index) => requestOf('Authorization', fresh(tokens.lines[index % KEYS])),
      (request) => tokens.chain.decide(request),
    ],
    [
      'decide(), key as Basic user, seen before',
      (index) => requestOf('Authorization', fresh(users[index % KEYS])),
      (request) => chain.decide(request),
    ],
  ]);
  const limit = figures.get('limit: Map by the SHA-256 of the key').ns;
  printTable(
    [...figures].map(([name, { ns, bytes }]) => ({
      'in process': name,
      ns: Math.round(ns),
      'against the limit': (ns / limit).toFixed(2),
      'bytes allocated': Math.round(bytes),
    })),
  );
  const { ns, bytes } = figures.get('decide(), key in the header, seen before');
  return [
    atMost(3, 'remembered decide(), API key', ns / 1_000, 1.5, 'us'),
    atMost(3, 'remembered decide(), API key, allocated', Math.round(bytes), 300, 'bytes'),
  ];
}

/** Nothing is remembered: each use is looked up, and its HMAC compared. */
async function firstUse() {
  const { keys } = await issued();
  const store = new MemoryApiKeyStore();
  const options = {
    prefix: 'acme',
    secret: SECRET,
    store,
    lastUseSeconds: 0,
    cache: { ttlSeconds: 0, negativeTtlSeconds: 0 },
  };
  const handler = new ApiKeyHandler(options);
  const chain = new SecurityChain({ requirement: handler });
  const own = (await Promise.all(keys.map(() => handler.keys.create({ subject: 'partner' })))).map(({ key }) =>
    key.reveal(),
  );
  const timed = async (task) => {
    const began = process.hrtime.bigint();
    for (let index = 0; index < FIRST_USES; index += 1) await task(own[index % KEYS]);
    return Number(process.hrtime.bigint() - began) / FIRST_USES;
  };
  const use = (key) => chain.decide(requestOf('X-API-Key', key));
  const hmac = (key) => createHmac('sha256', SECRET).update(key).digest();
  await timed(use);
  const rows = [
    ['limit: one HMAC-SHA-256 of the key', await timed(hmac)],
    ['decide(), first use of a key, from memory', await timed(use)],
    ['decide(), a key with a wrong checksum', await timed((key) => use(`${key.slice(0, -1)}_`))],
  ];
  printTable(rows.map(([name, ns]) => ({ 'first use': name, us: (ns / 1_000).toFixed(2) })));
}

const goals = await seenBefore();
await firstUse();
printGoals(goals);
