import crypto from 'node:crypto';
import { inspect } from 'node:util';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { Secret } from '@sallyport/core/extend';
import { buildRequest } from '@sallyport/core/testing';
import { WebhookHandler, type WebhookHandlerOptions, type WebhookScheme } from '@sallyport/handlers/webhook';
import { fromGithub, fromStripe, OLD_SECRET, Receiver, SECRET } from './deliveries.js';

const BODY = '{"id":"evt_1"}';

afterEach(() => {
  jest.restoreAllMocks();
});

describe('a delivery', () => {
  test('is granted only as it was signed: body and time (RFC 2104, CWE-345)', async () => {
    const receiver = new Receiver({});
    const { now } = receiver;
    const signed = fromStripe(BODY, now, SECRET);
    expect(await receiver.receive(signed, `${BODY}\n`)).toBe('401 webhook_signature_mismatch');
    expect(await receiver.receive(signed, '')).toBe('401 webhook_signature_mismatch');
    const another = (signed['Stripe-Signature'] ?? '').replace(`t=${now}`, `t=${now + 1}`);
    expect(await receiver.receive({ 'Stripe-Signature': another }, BODY)).toBe('401 webhook_signature_mismatch');
    expect(await receiver.receive(fromStripe(BODY, now, OLD_SECRET), BODY)).toBe('401 webhook_signature_mismatch');
    expect(await receiver.receive(signed, BODY)).toBe('200');
  });

  test('is refused when its time is more than the tolerance away from the clock (CWE-294)', async () => {
    const receiver = new Receiver({ toleranceSeconds: 60 });
    const send = (seconds: number) => receiver.receive(fromStripe(BODY, receiver.now + seconds, SECRET), BODY);
    expect([await send(-61), await send(-60)]).toEqual(['401 webhook_too_old', '200']);
    expect([await send(61), await send(60)]).toEqual(['401 webhook_ahead_of_time', '200']);
  });
});

describe('the principal of a delivery', () => {
  test('is a workload with the name of the vendor, its identifier and its time', async () => {
    const receiver = new Receiver({});
    const { principal } = await receiver.answer(fromStripe(BODY, receiver.now, SECRET), BODY);
    const via = [{ handler: 'webhook', scheme: 'webhook' }];
    expect(principal).toMatchObject({ kind: 'workload', subject: 'stripe', issuedAt: receiver.now, via });
    expect(principal?.claims).toEqual({ timestamp: receiver.now });
  });

  test('has another subject where the application says so', async () => {
    const { principal } = await new Receiver({ scheme: 'github', subject: 'our-forge' }).answer(fromGithub(BODY), BODY);
    expect(principal).toMatchObject({ subject: 'our-forge', claims: { id: 'a-delivery' } });
  });
});

describe('several live secrets', () => {
  test('each sign, in text and as Secret, and one that was taken out signs no more', async () => {
    const rotating = new Receiver({ scheme: 'github', secrets: [new Secret(SECRET), OLD_SECRET] });
    expect(await rotating.receive(fromGithub(BODY, SECRET), BODY)).toBe('200');
    expect(await rotating.receive(fromGithub(BODY, OLD_SECRET), BODY)).toBe('200');
    const rotated = new Receiver({ scheme: 'github', secrets: SECRET });
    expect(await rotated.receive(fromGithub(BODY, OLD_SECRET), BODY)).toBe('401 webhook_signature_mismatch');
  });

  test('are all tried with all signatures in constant time, whichever fits (CWE-208)', async () => {
    const compare = jest.spyOn(crypto, 'timingSafeEqual');
    const receiver = new Receiver({ secrets: [SECRET, OLD_SECRET] });
    for (const signers of [
      [SECRET, OLD_SECRET],
      [OLD_SECRET, 'another'],
      ['another', SECRET],
      ['another', 'a third'],
    ]) {
      compare.mockClear();
      await receiver.receive(fromStripe(BODY, receiver.now, ...signers), BODY);
      expect(compare).toHaveBeenCalledTimes(4);
    }
  });
});

test('a doubled signature header is refused by the handler itself', () => {
  const handler = new WebhookHandler({ scheme: 'github', secrets: SECRET });
  const lines = [fromGithub(BODY), fromGithub(BODY)].map((headers) => headers['X-Hub-Signature-256'] ?? '');
  const request = buildRequest('POST /hooks', { headers: { 'X-Hub-Signature-256': lines }, body: BODY });
  expect(handler.extract(request)).toMatchObject({ kind: 'malformed', reason: 'duplicate_credentials' });
});

describe('the operator is told why', () => {
  const toldBy = async (receiver: Receiver, headers: Record<string, string>, body = BODY) => {
    const { event, body: answered, challenges } = await receiver.answer(headers, body);
    const { reason, detail } = event.steps.at(-1) ?? {};
    expect(answered).not.toContain('webhook_');
    return [reason, detail, challenges[0]];
  };

  test('a delivery is too old, or ahead of its time: by how much', async () => {
    const receiver = new Receiver({});
    const challenge = 'Webhook header="Stripe-Signature"';
    expect(await toldBy(receiver, fromStripe(BODY, receiver.now - 412, SECRET))).toEqual([
      'webhook_too_old',
      'the delivery is 412 s old, at most 300 s are allowed',
      challenge,
    ]);
    expect(await toldBy(receiver, fromStripe(BODY, receiver.now + 412, SECRET))).toEqual([
      'webhook_ahead_of_time',
      'the delivery is 412 s ahead, at most 300 s are allowed',
      challenge,
    ]);
  });

  test('no signature fits: how many there are, how many secrets, and how long the body is', async () => {
    const receiver = new Receiver({ realm: 'hooks', secrets: [SECRET, OLD_SECRET] });
    expect(await toldBy(receiver, fromStripe(BODY, receiver.now, 'another secret'))).toEqual([
      'webhook_signature_mismatch',
      'signatures: 1, secrets: 2, bytes of the body: 14; no two fit',
      'Webhook realm="hooks", header="Stripe-Signature"',
    ]);
  });

  test('the same delivery came before', async () => {
    const receiver = new Receiver({});
    const delivery = fromStripe(BODY, receiver.now, SECRET);
    await receiver.answer(delivery, BODY);
    const detail = 'the same was delivered less than 601 s ago';
    expect(await toldBy(receiver, delivery)).toEqual(['webhook_replayed', detail, expect.any(String)]);
  });

  test('a header is missing or cannot be used: which, and what it should hold', async () => {
    const slack = new Receiver({ scheme: 'slack' });
    const signature = { 'X-Slack-Signature': `v0=${'0'.repeat(64)}` };
    expect(await toldBy(slack, signature)).toEqual([
      'webhook_timestamp_missing',
      'X-Slack-Request-Timestamp must have the seconds since 1970',
      undefined,
    ]);
    expect(await toldBy(new Receiver({}), { 'Stripe-Signature': 't=now' })).toEqual([
      'webhook_timestamp_malformed',
      't= in Stripe-Signature must have the seconds since 1970',
      undefined,
    ]);
    expect(await toldBy(new Receiver({ scheme: 'github' }), { 'X-Hub-Signature-256': 'sha1=00' })).toEqual([
      'webhook_signature_malformed',
      'X-Hub-Signature-256 holds no signature such as sha256=<32 bytes in hex>',
      undefined,
    ]);
  });
});

describe('nothing secret is shown', () => {
  test('by printing a handler, a credential or an event', async () => {
    const receiver = new Receiver({});
    const headers = fromStripe(BODY, receiver.now, SECRET);
    const handler = new WebhookHandler({ scheme: 'stripe', secrets: [SECRET, new Secret(OLD_SECRET)] });
    const lines = ['Stripe-Signature', headers['Stripe-Signature'] ?? ''];
    const credential = handler.extract(buildRequest('POST /hooks', { headers }));
    const { event, principal } = await receiver.answer(headers, BODY);
    const shown = [handler, credential, event, principal].map(
      (each) => `${inspect(each, { depth: 9 })}${JSON.stringify(each)}`,
    );
    const signature = lines[1]?.split('v1=')[1] ?? '';
    expect(signature).toHaveLength(64);
    for (const secret of [SECRET, OLD_SECRET, signature]) expect(shown.join()).not.toContain(secret);
    expect(`${credential}`).toMatch(/^\[webhook signature [0-9a-f]{8}\]$/);
  });
});

describe('options', () => {
  const made = (options: object) => () =>
    new WebhookHandler({ scheme: 'github', secrets: SECRET, ...options } as WebhookHandlerOptions);
  const own = (scheme: Partial<WebhookScheme>) => ({
    scheme: { signatureHeader: 'X-Signature', encoding: 'hex', signs: '{body}', ...scheme },
  });

  test.each<[string, object, string]>([
    [
      'an unknown vendor',
      { scheme: 'gitlab' },
      'scheme must be one of github, stripe, slack, shopify, standardWebhooks',
    ],
    ['no secret', { secrets: [] }, 'secrets must be one secret, or a list of 1 to 10'],
    ['eleven secrets', { secrets: new Array(11).fill(SECRET) }, 'secrets must be one secret, or a list of 1 to 10'],
    ['an empty secret', { secrets: '' }, 'secrets must be a non-empty string'],
    [
      'a short secret, which can be guessed',
      { secrets: [SECRET, 'fifteen letters'] },
      'secrets[1] must have at least 16 bytes',
    ],
    [
      'an empty secret behind its prefix',
      { scheme: 'standardWebhooks', secrets: 'whsec_' },
      'secrets[0] must have at least 16 bytes',
    ],
    [
      'a secret that is no base64',
      { scheme: 'standardWebhooks', secrets: SECRET },
      'secrets[0] must be whsec_… in base64',
    ],
    ['a tolerance without a time', { toleranceSeconds: 60 }, 'toleranceSeconds must be absent with this scheme'],
    ['a window with a time', { scheme: 'slack', replayWindowSeconds: 60 }, 'replayWindowSeconds must be absent'],
    ['a window without refusals', { replayWindowSeconds: 60 }, 'replayWindowSeconds must be absent'],
    ['a scheme that signs no body', own({ signs: '{timestamp}', timestampHeader: 'X-Time' }), 'signs must hold {body}'],
    ['a part twice', own({ signs: '{body}.{body}' }), 'each once'],
    ['an unknown part', own({ signs: '{path}.{body}' }), 'may hold {body}, {timestamp} and {id}'],
    [
      'parts that run together',
      own({ signs: '{timestamp}{body}', timestampHeader: 'X-Time' }),
      'neither letter nor digit',
    ],
    [
      'parts with a digit between',
      own({ signs: '{timestamp}0{body}', timestampHeader: 'X-Time' }),
      'neither letter nor digit',
    ],
    [
      'a time that is not signed',
      own({ timestampHeader: 'X-Time' }),
      'must have {timestamp} in signs and a place of the time',
    ],
    ['a signed time without a place', own({ signs: '{timestamp}.{body}' }), 'a place of the time, or neither'],
    ['a signed identifier without a place', own({ signs: '{id}.{body}' }), 'idHeader must tell where the {id}'],
    [
      'a time in two places',
      own({ signs: '{timestamp}.{body}', timestampHeader: 'X-Time', timestampPrefix: 't=' }),
      'at most one of',
    ],
    [
      'a time in an undivided field',
      own({ signs: '{timestamp}.{body}', timestampPrefix: 't=' }),
      'separator must tell',
    ],
    ['signatures in Authorization', own({ signatureHeader: 'Authorization' }), 'must not be Authorization or Cookie'],
    ['SHA-1', own({ hash: 'sha1' as never }), 'hash must be one of sha256, sha512'],
  ])('refuse %s, without quoting a secret', (_, options, message) => {
    expect(made(options)).toThrow(message);
    expect(made(options)).toThrow(expect.objectContaining({ code: 'ERR_SALLYPORT_OPTION_INVALID' }));
    expect(made(options)).not.toThrow(SECRET);
  });

  test('a secret of Standard Webhooks may come without its prefix and padding', () => {
    expect(
      made({ scheme: 'standardWebhooks', secrets: Buffer.alloc(19, 'k').toString('base64').replace('=', '') }),
    ).not.toThrow();
  });

  test('the secret of Stripe is its whole text', async () => {
    const secret = 'whsec_and_sixteen_more';
    const receiver = new Receiver({ secrets: secret });
    expect(await receiver.receive(fromStripe(BODY, receiver.now, secret), BODY)).toBe('200');
  });
});
