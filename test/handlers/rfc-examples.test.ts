import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { requireAuthentication, SecurityChain, type Verdict } from '@sallyport/core';
import { isVerdict, SecurityRequest, thumbprintOf } from '@sallyport/core/extend';
import { type Answer, ask, ManualClock } from '@sallyport/core/testing';
import { readProofClaims } from '../../packages/handlers/src/dpop/proof-claims.js';
import { proofKey, readProofHeader } from '../../packages/handlers/src/dpop/proof-header.js';
import { parseCompactJws } from '../../packages/handlers/src/jose/compact-jws.js';
import { isSignedWith } from '../../packages/handlers/src/jose/signature.js';
import type { VerificationKey } from '../../packages/handlers/src/jose/verification-key.js';
import { isBearerToken } from '../../packages/handlers/src/token/bearer-token.js';
import { STEP_UP_VECTORS } from '../support/step-up-vectors.js';
import forwarded from '../vectors/certificates/forwarded.json' with { type: 'json' };
import { DpopClient, DpopUnderTest, outcomeOf, TOKEN_KEY } from './dpop/dpop-fixture.js';
import { IntrospectionUnderTest } from './introspection/introspection-fixture.js';
import { IntrospectionServer } from './introspection/introspection-server.js';
import { AUDIENCE, JwtUnderTest, NOON, tokenBy, trusted } from './jwt/jwt-fixture.js';

type Members = Readonly<Record<string, unknown>>;

interface Example {
  readonly ref: string;
  readonly what: string;
  /** How the real code judges it. */
  readonly judged?: string;
  /** Why nothing of this library has to judge it: whose it is. */
  readonly elsewhere?: string;
  readonly proof: string;
  readonly token: string;
  readonly header: Members;
  readonly claims: Members & { readonly iss: string; readonly exp: number };
  readonly answer: Members & { readonly active: true };
  readonly thumbprint: string;
  readonly good: readonly string[];
  readonly bad: readonly string[];
  readonly lines: readonly string[];
  readonly required?: true;
  readonly status: number;
  readonly title: string;
  readonly why: string;
  readonly expect: string | readonly string[];
}

const EXAMPLES: readonly Example[] = JSON.parse(readFileSync(join(__dirname, '../vectors/rfc-examples.json'), 'utf8'));

const decoded = (part: string | undefined) => JSON.parse(Buffer.from(part ?? '', 'base64url').toString());
const DPOP = { externalUrl: 'https://resource.example.org', algorithms: ['ES256', 'PS256'] } as const;

/** What an introspection server answers for the token of the RFC, at the moment of its examples. */
async function introspected(
  { answer, seconds, dpop = DPOP }: { answer: object; seconds: number; dpop?: typeof DPOP | undefined },
  use: (under: IntrospectionUnderTest, server: IntrospectionServer) => Promise<void>,
): Promise<void> {
  const server = await IntrospectionServer.start(() => ({ body: answer }));
  const clock = new ManualClock(seconds * 1_000);
  const under = new IntrospectionUnderTest({ endpoint: server.endpoint, dpop }, { clock });
  await use(under, server);
  await under.close();
  await server.close();
}

const exampleOf = (figure: string) => EXAMPLES.find(({ ref }) => ref.endsWith(figure)) as Example;
const TOKEN = exampleOf('figure 10').token;

const challengesOf = ({ challenges }: Answer) =>
  challenges.map((each) => each.replace(/, error_description="[^"]+"/, ''));

const owner = new DpopClient();

const JUDGES: Readonly<Record<string, (example: Example) => Promise<void>>> = {
  /** The proof has this content, a good signature by its own key, and that key the thumbprint. */
  async proof({ proof, header, claims, thumbprint }) {
    const jws = parseCompactJws(proof);
    if (jws === undefined) throw new Error('no JWS');
    expect([decoded(jws.header), decoded(jws.payload)]).toEqual([header, claims]);
    const read = readProofHeader(jws.header, new Set(['ES256']));
    if (isVerdict(read)) throw new Error(read.reason);
    expect(read.thumbprint).toBe(thumbprint);
    expect(await isSignedWith(jws, proofKey(read) as VerificationKey, 'ES256')).toBe(true);
    const other = parseCompactJws(`${jws.header}.${Buffer.from('{}').toString('base64url')}.${proof.split('.')[2]}`);
    expect(await isSignedWith(other as typeof jws, proofKey(read) as VerificationKey, 'ES256')).toBe(false);
  },

  async syntaxOfProofs({ proof }) {
    expect(parseCompactJws(proof)).toBeDefined();
    for (const wrong of ['', '.', proof.split('.', 2).join('.'), `${proof}.`, `${proof}=`, `"${proof}"`])
      expect([wrong, parseCompactJws(wrong)]).toEqual([wrong, undefined]);
  },

  async atResource({ proof, expect: outcome }) {
    await introspected({ answer: exampleOf('figure 11').answer, seconds: 1_562_262_618 }, async ({ chain }) => {
      const headers = { Authorization: `DPoP ${TOKEN}`, DPoP: proof };
      expect(outcomeOf(await ask(chain, 'GET /protectedresource', { headers }))).toBe(outcome);
    });
  },

  /** Its content is that of the next figure; with another key, it is refused for its signature alone. */
  async jwt({ token, claims }) {
    expect(decoded(token.split('.')[1])).toEqual(claims);
    const keys = { publicKey: TOKEN_KEY.publicKey, kid: 'BeALkb' };
    const clock = new ManualClock(1_562_262_618_000);
    const under = new JwtUnderTest(trusted(keys, { issuer: claims.iss, allowMissingTyp: true }), {}, { clock });
    expect(await under.outcome(token)).toBe('401 signature_invalid');
  },

  /** Whoever has only the token of these claims has nothing. */
  async boundClaims({ claims, expect: outcome }) {
    const clock = new ManualClock((claims.exp - 60) * 1_000);
    const issuers = [trusted({ publicKey: TOKEN_KEY.publicKey, kid: TOKEN_KEY.kid }, { issuer: claims.iss })];
    const under = new DpopUnderTest({}, { issuers, clock });
    const made = { iat: claims.exp - 120, aud: AUDIENCE, ...claims };
    expect(await under.outcome(tokenBy(TOKEN_KEY, made), undefined, { scheme: 'Bearer' })).toBe(outcome);
    expect(await under.outcome(tokenBy(TOKEN_KEY, { ...made, cnf: undefined }), undefined, { scheme: 'Bearer' })).toBe(
      '200',
    );
  },

  async boundAnswer({ answer, expect: outcome }) {
    await introspected({ answer, seconds: 1_493_724_000 }, async (under) => {
      expect(await under.outcome('token')).toBe(outcome);
    });
  },

  async question({ token }) {
    await introspected({ answer: { active: false }, seconds: 1_562_262_618 }, async ({ chain }, { arrivals }) => {
      await ask(chain, 'GET /', { headers: { Authorization: `DPoP ${token}` } });
      expect(arrivals).toHaveLength(1);
      expect(arrivals[0]).toMatchObject({
        method: 'POST',
        headers: { 'content-type': expect.stringMatching(/^application\/x-www-form-urlencoded/) },
      });
      expect(arrivals[0]?.headers.authorization).toMatch(/^Basic /);
      expect(arrivals[0]?.form.get('token')).toBe(token);
    });
  },

  async answer({ answer }) {
    await introspected({ answer, seconds: 1_562_262_618 }, async ({ chain }) => {
      const headers = { Authorization: `DPoP ${TOKEN}`, DPoP: exampleOf('figure 13').proof };
      const { principal } = await ask(chain, 'GET /protectedresource', { headers });
      expect(principal).toMatchObject({ subject: answer['sub'], issuer: answer['iss'], confirmation: answer['cnf'] });
    });
  },

  async syntaxOfCredentials({ good, bad }) {
    expect(good.filter((text) => !isBearerToken(text))).toEqual([]);
    expect(bad.filter(isBearerToken)).toEqual([]);
  },

  async challenges({ required, lines, status, expect: challenges }) {
    const confirmation = required ? { required: 'jkt' as const } : {};
    const under = new DpopUnderTest(DPOP, { confirmation });
    const rawHeaders = [...lines];
    const decision = await under.chain.decide(
      new SecurityRequest({ method: 'GET', target: '/protectedresource', rawHeaders }),
    );
    if (decision.kind !== 'denied') throw new Error('granted');
    const told = decision.headers.flatMap(([name, value]) => (name === 'WWW-Authenticate' ? value : []));
    expect([decision.status, told.map((each) => each.replace(/, error_description="[^"]+"/, ''))]).toEqual([
      status,
      challenges,
    ]);
  },

  async otherKey({ status, expect: challenges }) {
    const token = owner.token();
    const answer = await new DpopUnderTest(DPOP).ask(token, new DpopClient().proof(token, ON_RESOURCE));
    expect([answer.status, challengesOf(answer)]).toEqual([status, challenges]);
  },

  /** A resource wants `ath` as well. */
  async nonceClaims({ claims }) {
    const encoded = (members: object) => Buffer.from(JSON.stringify(members)).toString('base64url');
    expect(readProofClaims(encoded({ ...claims, ath: 'hash' }))).toMatchObject({ nonce: claims['nonce'] });
    expect((readProofClaims(encoded(claims)) as Verdict & { reason: string }).reason).toBe('dpop_proof_claim_missing');
  },

  async syntaxOfNonces() {
    const { nonce } = await asked();
    expect(nonce).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/);
  },

  async nextNonce() {
    const { under, nonce, token } = await asked();
    under.clock.pass(60);
    const answer = await under.ask(
      token,
      owner.proof(token, { ...ON_RESOURCE, claims: { ...ON_RESOURCE.claims, nonce } }),
    );
    expect(answer.status).toBe(200);
    expect(nonceOf(answer)).toEqual(expect.not.stringMatching(`^${nonce}$`));
  },

  async nonce({ status, expect: challenges }) {
    const { answer, nonce } = await asked();
    expect([answer.status, challengesOf(answer)]).toEqual([status, challenges]);
    expect(nonce).toBeDefined();
    expect(answer.headers.filter(([name]) => name === 'DPoP-Nonce')).toHaveLength(1);
  },

  async certificate() {
    const { pem, thumbprint } = forwarded.rfc8705;
    const x509 = new X509Certificate(pem);
    expect(thumbprintOf(x509)).toBe(thumbprint);
    const under = new DpopUnderTest();
    const token = tokenBy(TOKEN_KEY, { cnf: { 'x5t#S256': thumbprint } });
    const certificate = { x509, isVerified: false, chain: [] };
    const outcome = async (clientCertificate: () => typeof certificate | undefined) => {
      const rawHeaders = ['Authorization', `Bearer ${token}`];
      const request = new SecurityRequest({ method: 'GET', target: '/', rawHeaders, clientCertificate });
      return (await under.chain.decide(request)).kind;
    };
    expect([await outcome(() => certificate), await outcome(() => undefined)]).toEqual(['granted', 'denied']);
  },

  /** Read by `test/adapters/forwarded-certificates.test.ts`. */
  async forwarded({ title }) {
    expect(forwarded.rows.map((row) => row.title)).toContain(title);
  },

  /** Judged by `test/handlers/step-up.test.ts` and `test/core/guard/require-authentication.test.ts`. */
  async stepUp({ why }) {
    expect(STEP_UP_VECTORS.map((vector) => vector.why)).toContain(why);
  },

  async loginClaims({ claims }) {
    const clock = new ManualClock((claims.exp - 60) * 1_000);
    const audience = String(claims['aud']);
    const issuers = trusted({ publicKey: TOKEN_KEY.publicKey, kid: 'LTacESbw' }, { issuer: claims.iss, audience });
    const { handler } = new JwtUnderTest(issuers, {}, { clock });
    const token = tokenBy(TOKEN_KEY, claims, { typ: 'at+JWT', kid: 'LTacESbw' });
    const answerTo = async (acr: string) => {
      const guards = [requireAuthentication({ acrValues: [acr] }, { clock })];
      return ask(new SecurityChain({ requirement: handler, guards }, { clock }), '/', { bearer: token });
    };
    expect(outcomeOf(await answerTo('myACR'))).toBe('200');
    expect(outcomeOf(await answerTo('otherACR'))).toBe('401 insufficient_user_authentication');
  },

  /** The answer of the RFC ends before its login: the class alone is asked. */
  async loginAnswer({ answer }) {
    await introspected({ answer, seconds: Number(answer['exp']) - 60 }, async ({ handler, clock }) => {
      const guards = [requireAuthentication({ acrValues: ['myACR'] }, { clock })];
      const chain = new SecurityChain({ requirement: handler, guards }, { clock });
      const { principal } = await ask(chain, '/', { bearer: 'token' });
      expect(principal).toMatchObject({ subject: answer['sub'], clientId: answer['client_id'] });
    });
  },
};

const ON_RESOURCE = { line: 'GET /orders', claims: { htu: `${DPOP.externalUrl}/orders`, iat: NOON } } as const;

const nonceOf = ({ headers }: Answer) => headers.find(([name]) => name === 'DPoP-Nonce')?.[1];

/** The answer of a resource that wants a nonce to a proof without one. */
async function asked() {
  const under = new DpopUnderTest({ ...DPOP, nonce: 'required', nonceSeconds: 100 });
  const token = owner.token();
  const answer = await under.ask(token, owner.proof(token, ON_RESOURCE));
  return { under, token, answer, nonce: nonceOf(answer) };
}

test.each(EXAMPLES.map((example) => [example.ref, example.what, example] as const))(
  '%s: %s',
  async (_ref, _what, example) => {
    const { judged, elsewhere } = example;
    // One of the two, never neither.
    expect([judged, elsewhere].filter((each) => each !== undefined)).toHaveLength(1);
    if (judged === undefined) expect(elsewhere).toMatch(/^(?:a drawing|the (?:authorization server|client)'s)$/);
    else await (JUDGES[judged] as (typeof JUDGES)[string])(example);
  },
);

test('all figures of RFC 9449 and RFC 9470 are listed', () => {
  const figuresOf = (rfc: string) =>
    EXAMPLES.flatMap(({ ref }) => (ref.startsWith(rfc) ? Number(/figure (\d+)$/.exec(ref)?.[1] ?? 0) : []));
  expect(figuresOf('RFC 9449')).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
  expect(figuresOf('RFC 9470').filter((figure) => figure > 0)).toEqual([1, 2, 3, 4, 5, 6, 7]);
});
