import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { anyOf, SecurityChain } from '@sallyport/core';
import { ApiKeyHandler, MemoryApiKeyStore } from '@sallyport/handlers/api-key';
import { MutualTlsHandler } from '@sallyport/handlers/mutual-tls';
import { DpopClient, DpopUnderTest } from '../handlers/dpop/dpop-fixture.js';
import { NOON } from '../handlers/jwt/jwt-fixture.js';
import { expectAnswer } from '../rules/adapter-rules.js';
import type { CorpusRow, GoldenAnswer } from '../rules/request-corpus.js';
import { authority, CLIENT_AUTH, issue } from '../support/certificates.js';
import { ADAPTERS, type DemoServer } from './demo-servers.js';
import { askHttp2 } from './http2-client.js';
import { ask, requestText } from './raw-client.js';

const { answers, rows }: { answers: Readonly<Record<string, GoldenAnswer>>; rows: readonly CorpusRow[] } = JSON.parse(
  readFileSync(join(__dirname, '../vectors/requests/credentials.json'), 'utf8'),
);

const SECRET = 'the secret of this deployment, 32 characters or more';
const owner = new DpopClient();

/** API keys, bound tokens and certificates in one chain. Nothing in its answers is random. */
async function credentialChain() {
  const { handler: tokens, clock } = new DpopUnderTest({ secret: SECRET });
  const store = new MemoryApiKeyStore();
  const keys = new ApiKeyHandler({ prefix: 'acme', secret: SECRET, store }, { clock });
  const root = await authority('Root');
  const certificates = new MutualTlsHandler(
    { identity: 'common-name', issuedBy: root.cert, allowUnverified: true },
    { clock },
  );
  const requirement = anyOf(tokens, keys, certificates);
  const chain = new SecurityChain({ requirement }, { clock, random: () => 0 });
  const made = await Promise.all(['web-shop', 'old-shop'].map((subject) => keys.keys.create({ subject })));
  const [key, revoked] = made.map((each) => each.key.reveal()) as [string, string];
  await keys.keys.revoke(made[1]?.record.id as string);
  const elsewhere = new ApiKeyHandler({ prefix: 'acme', secret: SECRET, store: new MemoryApiKeyStore() });
  const strange = (await elsewhere.keys.create({ subject: 'web-shop' })).key.reveal();
  const forwarded = async (by: typeof root) => {
    const { x509 } = await issue({ by, subject: [{ CN: ['billing'] }], uses: [CLIENT_AUTH] });
    return `:${x509.raw.toString('base64')}:`;
  };
  const token = owner.token();
  const line = 'GET /';
  const texts: Readonly<Record<string, () => string>> = {
    key: () => key,
    revoked: () => revoked,
    strange: () => strange,
    user: () => Buffer.from(`${key}:`).toString('base64'),
    wrong: () => key.slice(0, -1) + (key.endsWith('0') ? '1' : '0'),
    token: () => token,
    proof: () => owner.proof(token, { line }),
    late: () => owner.proof(token, { line, claims: { iat: NOON - 86_400 } }),
    stolen: () => new DpopClient().proof(token, { line }),
    certificate: () => good,
    stranger: () => bad,
  };
  const [good, bad] = [await forwarded(root), await forwarded(await authority('Root'))];
  return { chain, filled: (text: string) => text.replace(/\{(\w+)\}/g, (_, name: string) => texts[name]?.() ?? '') };
}

describe.each(ADAPTERS)('$name answers alike about keys, bound tokens and certificates', (row) => {
  let server: DemoServer;
  let filled: (text: string) => string;
  beforeAll(async () => {
    const made = await credentialChain();
    filled = made.filled;
    server = await row.open(made.chain, { clientCertificates: { proxies: ['127.0.0.1'] } });
  });
  afterAll(() => server.close());

  test.each(rows)('$title', async (asked) => {
    const { method = 'GET', target = '/' } = asked;
    const lines = (asked.lines ?? []).map(filled);
    const answer =
      row.protocol === 'h2'
        ? await askHttp2(server.port, { method, target, lines, body: '' })
        : await ask(server.port, row.protocol, requestText(method, target, lines));
    expectAnswer(answer, asked, row, answers);
  });
});

test('no golden answer shows a credential, and each is used', () => {
  expect(JSON.stringify(answers)).not.toMatch(/acme_|billing|web-shop/);
  const used = new Set(rows.map(({ answer }) => answer));
  expect(Object.keys(answers).filter((name) => !used.has(name))).toEqual([]);
});
