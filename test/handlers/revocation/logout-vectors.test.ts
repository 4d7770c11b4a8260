import { afterEach, describe, expect, test } from '@jest/globals';
import { logoutToken, ReceiverUnderTest, VECTORS } from './logout-fixture.js';

let subject: ReceiverUnderTest;

afterEach(() => subject.close());

const INVALID = JSON.stringify({ error: 'invalid_request', error_description: 'The logout token is not valid.' });

describe('a logout token (OpenID Connect Back-Channel Logout 1.0 2.6)', () => {
  test('is judged by at least 40 kinds of bad ones', () => {
    subject = new ReceiverUnderTest();
    expect(VECTORS.bad.length).toBeGreaterThanOrEqual(40);
    expect(VECTORS.bad.every(({ ref }) => /^(?:RFC \d|Back-Channel|OpenID)/.test(ref))).toBe(true);
  });

  test.each(VECTORS.bad)('is 400, and revokes nothing: $title ($ref)', async ({ reason, ...row }) => {
    subject = new ReceiverUnderTest();
    const { status, headers, body } = await subject.send(logoutToken(row));
    expect([status, body]).toEqual([400, INVALID]);
    expect(headers).toContainEqual(['Cache-Control', 'no-store']);
    expect(subject.told).toMatchObject([{ kind: 'logout_refused', reason }]);
    expect(subject.revocations.size).toBe(0);
  });

  test.each(VECTORS.good)('is 200 without a body, and revokes: $title', async (row) => {
    subject = new ReceiverUnderTest();
    const answer = await subject.send(logoutToken(row));
    expect(answer).toEqual({ status: 200, headers: [['Cache-Control', 'no-store']], body: '' });
    expect(subject.told).toMatchObject([{ kind: 'logout_received', issuer: 'https://as.example' }]);
    expect(subject.revocations.size).toBeGreaterThan(0);
  });
});

describe('what older issuers send is taken where a switch says so', () => {
  test.each([
    ['without typ', { allowMissingTyp: true }, { withoutHeader: ['typ'] }],
    ['with the typ of any JWT', { acceptTyp: ['JWT'] }, { header: { typ: 'JWT' } }],
    ['without exp', { allowMissingExpiry: true }, { without: ['exp'] }],
  ])('%s', async (_what, options, row) => {
    subject = new ReceiverUnderTest(options);
    expect((await subject.send(logoutToken(row))).status).toBe(200);
  });

  test('but an access token is none in any case, nor is an ID token without typ', async () => {
    subject = new ReceiverUnderTest({ allowMissingTyp: true, acceptTyp: ['JWT'] });
    const rows = [
      { header: { typ: 'at+jwt' } },
      { header: { typ: 'JWT' }, without: ['events'], claims: { nonce: 'n' } },
      { withoutHeader: ['typ'], without: ['events'] },
    ];
    for (const row of rows) expect((await subject.send(logoutToken(row))).status).toBe(400);
    expect(subject.revocations.size).toBe(0);
  });
});
