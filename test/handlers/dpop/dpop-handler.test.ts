import { describe, expect, test } from '@jest/globals';
import { MemoryOnceStore } from '@sallyport/core';
import { SecurityRequest } from '@sallyport/core/extend';
import { ask, ManualClock } from '@sallyport/core/testing';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { IntrospectionUnderTest } from '../introspection/introspection-fixture.js';
import { IntrospectionServer } from '../introspection/introspection-server.js';
import { NOON, tokenBy, trusted } from '../jwt/jwt-fixture.js';
import { DpopClient, DpopUnderTest, EXTERNAL_URL, outcomeOf, TOKEN_KEY } from './dpop-fixture.js';

const ALGS = 'ES256 ES384 EdDSA Ed25519 PS256 RS256';

describe('a token that is bound to a DPoP key', () => {
  const client = new DpopClient();
  const token = client.token();

  test('is good with a proof by its key, and the principal tells both [RFC 9449 7.1]', async () => {
    const under = new DpopUnderTest();
    const { status, principal } = await under.ask(token, client.proof(token));
    expect(status).toBe(200);
    expect(principal?.confirmation).toEqual({ jkt: client.thumbprint });
    expect(principal?.via).toEqual([{ handler: 'jwt', scheme: 'dpop' }]);
  });

  test('needs a new proof for each request, also where the token is remembered [RFC 9449 11.1]', async () => {
    const under = new DpopUnderTest();
    const proof = client.proof(token);
    expect(await under.outcome(token, proof)).toBe('200');
    expect(await under.outcome(token, proof)).toBe('401 dpop_proof_replayed');
    expect(await under.outcome(token, client.proof(token))).toBe('200');
    expect(await under.outcome(token, undefined)).toBe('401 dpop_proof_missing');
    expect(under.handler.statistics.cache).toMatchObject({ hits: 3, misses: 1 });
  });

  test('needs one proof for one request, however often and by whatever reading it is judged [RFC 9449 11.1]', async () => {
    const { chain } = new DpopUnderTest();
    const proof = client.proof(token);
    // As a host that gives parsed headers: each reading has lines of its own.
    const judged = async (
      identity: object | undefined,
      rawHeaders = ['Authorization', `DPoP ${token}`, 'DPoP', proof],
    ) => {
      const request = { method: 'GET', target: '/orders', rawHeaders, identity };
      return (await chain.decide(new SecurityRequest(request))).kind;
    };
    const request = {};
    expect([await judged(request), await judged(request), await judged({})]).toEqual(['granted', 'granted', 'denied']);
    expect(await judged(undefined)).toBe('denied');
  });

  test('is asked for by several handlers in any order: each marks the proof of a request once [RFC 9449 11.1]', async () => {
    const [one, other] = [new DpopUnderTest({}, { name: 'one' }), new DpopUnderTest({}, { name: 'other' })];
    const judged = async ({ chain }: DpopUnderTest, identity: object) => {
      const rawHeaders = ['Authorization', `DPoP ${token}`, 'DPoP', proof];
      const decision = await chain.decide(
        new SecurityRequest({ method: 'GET', target: '/orders', rawHeaders, identity }),
      );
      return decision.kind === 'granted' ? 'granted' : decision.reason;
    };
    const proof = client.proof(token);
    const request = {};
    for (const under of [one, other, one, other]) expect(await judged(under, request)).toBe('granted');
    for (const under of [one, other]) expect(await judged(under, {})).toBe('dpop_proof_replayed');
  });

  test('is refused under Bearer, with and without a proof [RFC 9449 7.2]', async () => {
    const under = new DpopUnderTest();
    const answers = [
      await under.ask(token, undefined, { scheme: 'Bearer' }),
      await under.ask(token, client.proof(token), { scheme: 'Bearer' }),
    ];
    for (const answer of answers) {
      expect(outcomeOf(answer)).toBe('401 confirmation_unproved');
      expect(answer.challenges).toEqual([
        expect.stringMatching(/^Bearer realm="test", error="invalid_token"/),
        `DPoP realm="test", algs="${ALGS}"`,
      ]);
    }
  });

  test('is refused with a proof by another key, as no good token [RFC 9449 7.1]', async () => {
    const { challenges, ...answer } = await new DpopUnderTest().ask(token, new DpopClient().proof(token));
    expect(outcomeOf({ challenges, ...answer })).toBe('401 dpop_key_mismatch');
    expect(challenges).toEqual([
      'Bearer realm="test"',
      expect.stringMatching(/^DPoP realm="test", algs="[^"]+", error="invalid_token"/),
    ]);
  });

  test.each(['ES256', 'ES384', 'EdDSA', 'Ed25519', 'PS256', 'RS256'])(
    'may be bound to a key for %s',
    async (algorithm) => {
      const owner = new DpopClient(algorithm);
      const bound = owner.token();
      expect(await new DpopUnderTest().outcome(bound, owner.proof(bound))).toBe('200');
    },
  );

  test('may come by a scheme in any case', async () => {
    expect(await new DpopUnderTest().outcome(token, client.proof(token), { scheme: 'dpop' })).toBe('200');
  });

  test('is refused where the handler takes no proofs', async () => {
    const handler = new JwtHandler(
      { realm: 'test', issuers: [trusted({ publicKey: TOKEN_KEY.publicKey, kid: TOKEN_KEY.kid })] },
      { clock: new ManualClock() },
    );
    expect(handler.challenges.map(({ scheme }) => scheme)).toEqual(['Bearer']);
  });
});

describe('a bad proof', () => {
  const client = new DpopClient();
  const token = client.token();

  test('is answered by invalid_dpop_proof, with one text for all reasons [RFC 9449 7.1]', async () => {
    const under = new DpopUnderTest();
    const answers = [
      await under.ask(token, undefined),
      await under.ask(token, client.proof(token, { claims: { htm: 'POST' } })),
      await under.ask(token, 'x'),
    ];
    for (const { challenges, body } of answers) {
      expect(challenges).toEqual([
        'Bearer realm="test"',
        `DPoP realm="test", algs="${ALGS}", error="invalid_dpop_proof", error_description="The DPoP proof is missing, used before or otherwise not valid for this request."`,
      ]);
      expect(JSON.parse(body)).toMatchObject({ status: 401, code: 'invalid_dpop_proof' });
    }
  });

  test('of a bad token is not looked at: the token is what is wrong', async () => {
    const expired = client.token({ exp: NOON - 60 });
    expect(await new DpopUnderTest().outcome(expired, undefined)).toBe('401 token_expired');
  });

  test('that a thief signed does not use up the proof of the owner', async () => {
    const under = new DpopUnderTest();
    const good = client.proof(token);
    const forged = good.replace(/\.[^.]+$/, `.${client.proof(token).split('.')[2]}`);
    expect(await under.outcome(token, forged)).toBe('401 dpop_proof_signature_invalid');
    expect(await under.outcome(token, good)).toBe('200');
  });
});

describe('a token that is bound to nothing', () => {
  const client = new DpopClient();
  const token = tokenBy(TOKEN_KEY);

  test('is refused under DPoP, and good under Bearer, whatever proof is beside it [RFC 9449 7.1]', async () => {
    const under = new DpopUnderTest();
    expect(await under.outcome(token, client.proof(token))).toBe('401 dpop_token_unbound');
    expect(await under.outcome(token, undefined, { scheme: 'Bearer' })).toBe('200');
    expect(await under.outcome(token, 'x', { scheme: 'Bearer' })).toBe('200');
  });

  test('is refused everywhere where DPoP is required, and then Bearer is not advertised', async () => {
    const under = new DpopUnderTest({}, { confirmation: { required: 'jkt' } });
    expect(await under.outcome(token, undefined, { scheme: 'Bearer' })).toBe('401 confirmation_missing');
    expect(under.handler.challenges).toEqual([{ scheme: 'DPoP', parameters: { realm: 'test', algs: ALGS } }]);
    const bound = client.token();
    expect(await under.outcome(bound, client.proof(bound))).toBe('200');
  });
});

describe('the challenges', () => {
  test('advertise both schemes, with the algorithms of proofs [RFC 9449 7.1]', async () => {
    const under = new DpopUnderTest({ algorithms: ['ES256', 'PS256'] });
    const { challenges } = await ask(under.chain, '/');
    expect(challenges).toEqual(['Bearer realm="test"', 'DPoP realm="test", algs="ES256 PS256"']);
  });
});

describe('an introspected token', () => {
  test.each(['DPoP', 'Bearer', undefined])(
    'of token_type %s is bound by cnf in the answer [RFC 9449 6.2]',
    async (type) => {
      const client = new DpopClient();
      const cnf = { jkt: client.thumbprint };
      const server = await IntrospectionServer.start(() => ({
        body: { active: true, sub: 'alice', cnf, token_type: type },
      }));
      const { endpoint } = server;
      const under = new IntrospectionUnderTest({ endpoint, dpop: { externalUrl: EXTERNAL_URL } });
      const outcome = async (scheme: string, proof: string) =>
        outcomeOf(
          await ask(under.chain, 'GET /orders', { headers: { Authorization: `${scheme} opaque`, DPoP: proof } }),
        );
      const proof = client.proof('opaque', { claims: { iat: under.now } });
      expect(await outcome('DPoP', proof)).toBe('200');
      expect(await outcome('DPoP', proof)).toBe('401 dpop_proof_replayed');
      expect(await outcome('Bearer', client.proof('opaque', { claims: { iat: under.now } }))).toBe(
        '401 confirmation_unproved',
      );
      expect(server.calls).toBe(1);
      await under.close();
      await server.close();
    },
  );

  test('of token_type DPoP without cnf is refused under both schemes', async () => {
    const server = await IntrospectionServer.start(() => ({
      body: { active: true, sub: 'alice', token_type: 'DPoP' },
    }));
    const under = new IntrospectionUnderTest({ endpoint: server.endpoint, dpop: { externalUrl: EXTERNAL_URL } });
    expect(await under.outcome('opaque')).toBe('401 token_type_refused');
    const { reason } = await ask(under.chain, '/', { headers: { Authorization: 'DPoP opaque', DPoP: 'x' } });
    expect(reason).toBe('token_type_refused');
    await under.close();
    await server.close();
  });
});

describe('options of DPoP', () => {
  test.each<[string, object]>([
    ['no address', { externalUrl: undefined }],
    ['an address without a scheme', { externalUrl: 'api.example.com' }],
    ['an address with a query', { externalUrl: 'https://api.example.com/?a' }],
    ['an address with a fragment', { externalUrl: 'https://api.example.com/#a' }],
    ['an address with credentials', { externalUrl: 'https://a:b@api.example.com' }],
    ['an address of another scheme', { externalUrl: 'ftp://api.example.com' }],
    ['no addresses', { externalUrl: [] }],
    ['a symmetric algorithm', { algorithms: ['HS256'] }],
    ['the algorithm none', { algorithms: 'none' }],
    ['no algorithms', { algorithms: [] }],
    ['a window of 0', { windowSeconds: 0 }],
    ['a window of a day', { windowSeconds: 86_400 }],
    ['a short secret', { secret: 'x' }],
    ['another nonce', { nonce: 'sometimes' }],
  ])('refuse %s', (_what, options) => {
    expect(() => new DpopUnderTest(options)).toThrow(expect.objectContaining({ code: 'ERR_SALLYPORT_OPTION_INVALID' }));
  });

  test('need a secret for nonces where instances share the marks', () => {
    const onceStore = new MemoryOnceStore();
    expect(() => new DpopUnderTest({ nonce: 'required' }, { onceStore })).toThrow(/secret/);
    expect(() => new DpopUnderTest({ nonce: 'required', secret: 's'.repeat(32) }, { onceStore })).not.toThrow();
    expect(() => new DpopUnderTest({}, { onceStore })).not.toThrow();
  });

  test('are needed where jkt is required', () => {
    expect(() => new DpopUnderTest({}, { dpop: undefined, confirmation: { required: 'jkt' } })).toThrow(
      /JwtHandlerOptions.dpop/,
    );
  });
});
