import { afterEach, describe, expect, test } from '@jest/globals';
import { ConfigurationError, createPrincipal, Revocations } from '@sallyport/core';
import type { OnceStore, RevocationBus } from '@sallyport/core/extend';
import { BackChannelLogout } from '@sallyport/handlers/revocation';
import { PromptClock } from '../../support/prompt-clock.js';
import { FORM, ISSUER, logoutToken, ReceiverUnderTest, VECTORS } from './logout-fixture.js';

const NOON = VECTORS.now;
const ISSUER_NAME = 'https://as.example';

let subject: ReceiverUnderTest;

afterEach(() => subject?.close());

/** What has become of a token of the issuer. */
const statusOf = (revocations: Revocations, claims: object, issuedAt = NOON - 60) =>
  revocations.statusOf(
    't',
    createPrincipal({ issuer: ISSUER_NAME, subject: 'alice', issuedAt, claims: { ...claims } }),
    0,
  );

describe('a logout (OpenID Connect Back-Channel Logout 1.0 2.7)', () => {
  test('of a subject ends its tokens of that issuer that were issued up to it', async () => {
    subject = new ReceiverUnderTest();
    await subject.send(logoutToken({ without: ['sid'] }));
    const { revocations } = subject;
    expect(statusOf(revocations, { sid: 's1' })).toBe('revoked');
    expect(statusOf(revocations, {}, NOON - 10)).toBe('revoked');
    expect(statusOf(revocations, {}, NOON - 9)).toBe('clear');
    const others = [
      { issuer: 'https://elsewhere.example', subject: 'alice' },
      { issuer: ISSUER_NAME, subject: 'bob' },
    ];
    for (const other of others) {
      expect(revocations.statusOf('t', createPrincipal({ ...other, issuedAt: NOON - 60 }), 0)).toBe('clear');
    }
  });

  test('of a session ends its tokens, and those of the subject that name none', async () => {
    subject = new ReceiverUnderTest();
    await subject.send(logoutToken());
    const { revocations } = subject;
    expect(statusOf(revocations, { sid: 's1' })).toBe('revoked');
    expect(statusOf(revocations, { sid: 's2' })).toBe('clear');
    expect(statusOf(revocations, {})).toBe('revoked');
    expect(statusOf(revocations, {}, NOON)).toBe('clear');
  });

  test('of a session leaves tokens that name none where the option says so', async () => {
    subject = new ReceiverUnderTest({ tokensWithoutSid: 'leave' });
    await subject.send(logoutToken());
    expect(statusOf(subject.revocations, { sid: 's1' })).toBe('revoked');
    expect(statusOf(subject.revocations, {})).toBe('clear');
  });
});

describe('a logout token that comes again', () => {
  test('is 400, and told; what it revoked stays revoked', async () => {
    subject = new ReceiverUnderTest();
    const token = logoutToken();
    expect((await subject.send(token)).status).toBe(200);
    expect((await subject.send(token)).status).toBe(400);
    expect(subject.told.at(-1)).toMatchObject({ kind: 'logout_refused', reason: 'logout_token_replayed' });
    expect(statusOf(subject.revocations, { sid: 's1' })).toBe('revoked');
  });

  test('at another instance that shares the once store is 400 as well', async () => {
    subject = new ReceiverUnderTest();
    const marks = new Set<string>();
    const onceStore: OnceStore = { mark: (key) => !marks.has(key) && marks.add(key).has(key) };
    const [one, other] = [new ReceiverUnderTest({}, { onceStore }), new ReceiverUnderTest({}, { onceStore })];
    expect([(await one.send(logoutToken())).status, (await other.send(logoutToken())).status]).toEqual([200, 400]);
    one.close();
    other.close();
  });

  test('several times at once counts once', async () => {
    subject = new ReceiverUnderTest();
    const answers = await Promise.all([1, 2, 3].map(() => subject.send(logoutToken())));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400]);
  });

  test('is told from one of another issuer with the same jti', async () => {
    const issuers = [ISSUER, { ...ISSUER, issuer: 'https://other.example' }];
    subject = new ReceiverUnderTest();
    const { clock, revocations } = subject;
    const receiver = new BackChannelLogout({ issuers }, { clock, revocations });
    const statuses = [];
    for (const iss of [ISSUER_NAME, 'https://other.example']) {
      const body = new URLSearchParams({ logout_token: logoutToken({ claims: { iss } }) }).toString();
      statuses.push((await receiver.receive({ method: 'POST', rawHeaders: FORM, body })).status);
    }
    expect(statuses).toEqual([200, 200]);
  });

  test('is kept from whoever reads the once store: marks are keyed by the secret of the deployment', async () => {
    const keys: string[][] = [[], [], []];
    const storing = (list: string[]): OnceStore => ({ mark: (key) => list.push(key) > 0 });
    const secrets = [undefined, 'x'.repeat(32), ['y'.repeat(32), 'x'.repeat(32)]];
    for (const [index, secret] of secrets.entries()) {
      subject = new ReceiverUnderTest(secret === undefined ? {} : { secret }, {
        onceStore: storing(keys[index] as string[]),
      });
      expect((await subject.send(logoutToken())).status).toBe(200);
      subject.close();
    }
    const [plain, [keyed], replaced] = keys as [string[], [string], string[]];
    expect(new Set([...plain, keyed]).size).toBe(2);
    // While a secret is replaced, instances that know only one of the two find the mark.
    expect(replaced).toHaveLength(2);
    expect(replaced[1]).toBe(keyed);
  });
});

describe('a logout that cannot be done now is 503 with Retry-After, and good when it is sent again', () => {
  const bus = (isShared: () => boolean): RevocationBus => ({
    publish: async () => isShared(),
    receive: async () => ({ notices: [], isComplete: true }),
    listen: async () => {},
    close: async () => {},
  });

  test('where other instances could not be told; this one refuses the tokens already', async () => {
    subject = new ReceiverUnderTest();
    let isShared = false;
    const { clock } = subject;
    const revocations = new Revocations({ secret: 's'.repeat(32) }, { bus: bus(() => isShared), clock });
    const sharing = new ReceiverUnderTest({}, { clock, revocations });
    const answer = await sharing.send(logoutToken());
    expect(answer).toMatchObject({ status: 503 });
    expect(answer.headers).toContainEqual(['Retry-After', '1']);
    expect(sharing.told.at(-1)).toMatchObject({ kind: 'logout_failed', reason: 'revocation_unshared' });
    expect(statusOf(revocations, { sid: 's1' })).toBe('revoked');
    isShared = true;
    expect((await sharing.send(logoutToken())).status).toBe(200);
    sharing.close();
  });

  test('where the once store is away', async () => {
    let isAway = true;
    const onceStore: OnceStore = {
      mark: () => {
        if (isAway) throw new Error('the store is away');
        return true;
      },
    };
    subject = new ReceiverUnderTest({}, { onceStore });
    expect((await subject.send(logoutToken())).status).toBe(503);
    expect(subject.told.at(-1)).toMatchObject({ kind: 'logout_failed', reason: 'once_store_unavailable' });
    isAway = false;
    expect((await subject.send(logoutToken())).status).toBe(200);
  });

  test('where the keys of the issuer cannot be had, for no secret in the event', async () => {
    const clock = new PromptClock(NOON * 1_000);
    subject = new ReceiverUnderTest({ keys: { jwksUri: 'https://127.0.0.1:1/jwks' } }, { clock });
    const token = logoutToken();
    expect((await subject.send(token)).status).toBe(503);
    expect(subject.told).toMatchObject([{ kind: 'logout_failed', reason: 'err_sallyport_upstream_unreachable' }]);
    expect(JSON.stringify(subject.told)).not.toContain(token);
  });
});

describe('what is no form with one logout token', () => {
  const valid = `logout_token=${logoutToken()}`;
  const rows: readonly (readonly [string, object, number, string])[] = [
    ['another method', { method: 'GET' }, 405, 'method_not_allowed'],
    ['no content type', { rawHeaders: [] }, 400, 'body_no_form'],
    ['JSON', { rawHeaders: ['content-type', 'application/json'] }, 400, 'body_no_form'],
    ['two content types', { rawHeaders: [...FORM, ...FORM] }, 400, 'body_no_form'],
    ['a body of JSON values from a parser', { body: { logout_token: { a: 1 } } }, 400, 'body_no_form'],
    ['an empty body', { body: '' }, 400, 'logout_token_missing'],
    ['no body', { body: undefined }, 400, 'logout_token_missing'],
    ['an empty token', { body: 'logout_token=' }, 400, 'logout_token_missing'],
    ['two tokens', { body: `${valid}&${valid}` }, 400, 'logout_token_doubled'],
    ['two tokens from a parser', { body: { logout_token: ['a', 'b'] } }, 400, 'logout_token_doubled'],
    ['a large body', { body: `${valid}&x=${'x'.repeat(16_384)}` }, 413, 'body_too_large'],
  ];

  test.each(rows)('is refused and told: %s', async (_what, request, status, reason) => {
    subject = new ReceiverUnderTest();
    const answer = await subject.receiver.receive({ method: 'POST', rawHeaders: FORM, body: valid, ...request });
    expect(answer.status).toBe(status);
    expect(subject.told).toMatchObject([{ kind: 'logout_refused', reason, isSigned: false }]);
    expect(subject.revocations.size).toBe(0);
  });

  test.each([
    ['the bytes', Buffer.from(valid)],
    ['the text, with another parameter', `${valid}&state=1`],
    ['what a parser made of it', { logout_token: logoutToken(), state: ['1', '2'] }],
  ])('counts as a form: %s', async (_what, body) => {
    subject = new ReceiverUnderTest();
    const rawHeaders = ['content-type', 'application/x-www-form-urlencoded; charset=utf-8'];
    expect((await subject.receiver.receive({ method: 'POST', rawHeaders, body })).status).toBe(200);
  });
});

describe('a flood of bad tokens', () => {
  test('marks nothing in the once store', async () => {
    let marks = 0;
    subject = new ReceiverUnderTest(
      {},
      {
        onceStore: {
          mark() {
            marks += 1;
            return true;
          },
        },
      },
    );
    for (const row of VECTORS.bad) await subject.send(logoutToken(row));
    expect(marks).toBe(0);
    await subject.send(logoutToken());
    expect(marks).toBe(1);
  });

  test('from one network waits in vain, while a logout from another is done', async () => {
    subject = new ReceiverUnderTest();
    const flood = Array.from({ length: 600 }, (_, index) =>
      subject.send(logoutToken({ sign: 'another key' }), `198.51.100.${index % 200}`),
    );
    const logout = subject.send(logoutToken(), '192.0.2.1');
    expect((await logout).status).toBe(200);
    const statuses = (await Promise.all(flood)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([400, 503]));
  });
});

describe('the options', () => {
  const make =
    (options: object, collaborators: object = { revocations: new Revocations() }) =>
    () =>
      new BackChannelLogout(options as never, collaborators as never);

  test.each([
    ['no issuer', make({ issuers: [] })],
    ['an issuer twice', make({ issuers: [ISSUER, ISSUER] })],
    ['the typ of access tokens', make({ issuers: [{ ...ISSUER, acceptTyp: ['at+jwt'] }] })],
    ['alg none', make({ issuers: [{ ...ISSUER, algorithms: ['none'] }] })],
    ['no revocations', make({ issuers: [ISSUER] }, {})],
    ['a short secret', make({ issuers: [ISSUER], secret: 'short' })],
    ['an unknown option', make({ issuers: [ISSUER], maxTokenAge: 5 })],
  ])('are checked: %s', (_what, create) => {
    expect(create).toThrow(ConfigurationError);
  });
});
