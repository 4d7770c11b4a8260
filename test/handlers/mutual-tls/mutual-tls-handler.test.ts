import { afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  anonymous,
  anyOf,
  authenticated,
  createPrincipal,
  denied,
  headerHandler,
  malformed,
  optional,
  Revocations,
  SecurityChain,
} from '@sallyport/core';
import { type ClientCertificate, SecurityRequest, thumbprintOf } from '@sallyport/core/extend';
import { ask, buildRequest, ManualClock } from '@sallyport/core/testing';
import {
  type MutualTlsEvent,
  MutualTlsHandler,
  type MutualTlsHandlerOptions,
  onMutualTlsEvent,
} from '@sallyport/handlers/mutual-tls';
import {
  authority,
  CLIENT_AUTH,
  type Issued,
  issue,
  respelt,
  SERVER_AUTH,
  type Wish,
} from '../../support/certificates.js';

const BILLING = 'spiffe://example.org/billing';
const url = (value: string) => ({ type: 'url', value }) as const;
const dns = (value: string) => ({ type: 'dns', value }) as const;
const email = (value: string) => ({ type: 'email', value }) as const;

let root: Issued;
let middle: Issued;
let stranger: Issued;

beforeAll(async () => {
  [root, stranger] = await Promise.all([authority('Root'), authority('Root')]);
  middle = await authority('Middle', { by: root });
});
afterEach(() => {
  jest.restoreAllMocks();
});

type Shown = Partial<Omit<ClientCertificate, 'x509'>>;

const shown = ({ x509 }: Issued, how: Shown = {}): ClientCertificate => ({ x509, isVerified: true, chain: [], ...how });

function chainOf(
  options: MutualTlsHandlerOptions,
  collaborators: ConstructorParameters<typeof MutualTlsHandler>[1] = {},
) {
  return new SecurityChain({ requirement: new MutualTlsHandler(options, collaborators) });
}

/** The subject of the principal, or the reason of the refusal. */
async function outcome(options: MutualTlsHandlerOptions, wish: Wish | Issued, how: Shown = {}) {
  const issued = 'x509' in wish ? wish : await issue({ by: root, ...wish });
  const { status, principal, reason } = await ask(chainOf(options), 'GET /', { certificate: shown(issued, how) });
  return principal?.subject ?? `${status} ${reason}`;
}

describe('the name that identity says becomes the subject', () => {
  const rows: [string, Omit<MutualTlsHandlerOptions, 'issuedBy'>, Wish, string][] = [
    ['a SPIFFE ID', { identity: 'spiffe' }, { names: [url(BILLING)] }, BILLING],
    ['a SPIFFE ID beside a host name', { identity: 'spiffe' }, { names: [dns('a'), url(BILLING)] }, BILLING],
    [
      'a SPIFFE ID of a trust domain',
      { identity: 'spiffe', trustDomains: 'example.org' },
      { names: [url(BILLING)] },
      BILLING,
    ],
    ['a SPIFFE ID that is listed', { identity: 'spiffe', names: [BILLING] }, { names: [url(BILLING)] }, BILLING],
    [
      'two URIs (X509-SVID 2)',
      { identity: 'spiffe' },
      { names: [url(BILLING), url('urn:x')] },
      '401 certificate_name_ambiguous',
    ],
    [
      'two URIs, one of which is listed (X509-SVID 2)',
      { identity: 'spiffe', names: BILLING },
      { names: [url(BILLING), url('urn:x')] },
      '401 certificate_name_ambiguous',
    ],
    [
      'a URI that is no SPIFFE ID',
      { identity: 'spiffe' },
      { names: [url('https://example.org/billing')] },
      '401 certificate_name_malformed',
    ],
    [
      'a SPIFFE ID without a path',
      { identity: 'spiffe' },
      { names: [url('spiffe://example.org')] },
      '401 certificate_name_malformed',
    ],
    [
      'a SPIFFE ID of another trust domain',
      { identity: 'spiffe', trustDomains: ['example.com'] },
      { names: [url(BILLING)] },
      '401 trust_domain_unknown',
    ],
    [
      'a SPIFFE ID that is not listed',
      { identity: 'spiffe', names: [`${BILLING}2`] },
      { names: [url(BILLING)] },
      '401 certificate_name_unknown',
    ],
    [
      'a SPIFFE ID of an authority (X509-SVID 2)',
      { identity: 'spiffe' },
      { names: [url(BILLING)], isAuthority: true },
      '401 certificate_use_mismatch',
    ],
    ['no URI', { identity: 'spiffe' }, { names: [dns('a')] }, '401 certificate_name_missing'],
    ['a URI', { identity: 'uri' }, { names: [url('urn:device:7')] }, 'urn:device:7'],
    ['a host name, in lower case', { identity: 'dns' }, { names: [dns('API.Example.org')] }, 'api.example.org'],
    [
      'a host name that is listed in another case',
      { identity: 'dns', names: 'API.example.org' },
      { names: [dns('api.example.org')] },
      'api.example.org',
    ],
    ['one of two host names that is listed', { identity: 'dns', names: ['b'] }, { names: [dns('a'), dns('b')] }, 'b'],
    ['two host names', { identity: 'dns' }, { names: [dns('a'), dns('b')] }, '401 certificate_name_ambiguous'],
    [
      'two host names that are listed',
      { identity: 'dns', names: ['a', 'b'] },
      { names: [dns('a'), dns('b')] },
      '401 certificate_name_ambiguous',
    ],
    ['the same host name twice', { identity: 'dns' }, { names: [dns('a'), dns('A')] }, 'a'],
    [
      'a wildcard is no host name',
      { identity: 'dns' },
      { names: [dns('*.example.org')] },
      '401 certificate_name_missing',
    ],
    [
      'a wildcard is none, even if it is listed',
      { identity: 'dns', names: '*.example.org' },
      { names: [dns('*.example.org')] },
      '401 certificate_name_missing',
    ],
    [
      'a common name is no host name',
      { identity: 'dns' },
      { subject: [{ CN: ['a.example'] }] },
      '401 certificate_name_missing',
    ],
    [
      'what looks like a second name',
      { identity: 'dns', names: 'good' },
      { names: [dns('evil, DNS:good')] },
      '401 certificate_name_malformed',
    ],
    [
      'a NUL',
      { identity: 'dns', names: 'good' },
      { names: [dns('good\u0000.evil')] },
      '401 certificate_name_malformed',
    ],
    ['an address', { identity: 'email' }, { names: [email('alice@example.org')] }, 'alice@example.org'],
    [
      'an address in another case',
      { identity: 'email', names: 'alice@example.org' },
      { names: [email('Alice@example.org')] },
      '401 certificate_name_unknown',
    ],
    ['a common name', { identity: 'common-name' }, { subject: [{ O: ['A'] }, { CN: ['alice b'] }] }, 'alice b'],
    [
      'two common names',
      { identity: 'common-name' },
      { subject: [{ CN: ['a'] }, { CN: ['b'] }] },
      '401 certificate_name_ambiguous',
    ],
    [
      'a common name with a line break',
      { identity: 'common-name' },
      { subject: [{ CN: ['a\nb'] }] },
      '401 certificate_name_malformed',
    ],
    ['no common name', { identity: 'common-name' }, { subject: [{ O: ['A'] }] }, '401 certificate_name_missing'],
    [
      'a distinguished name',
      { identity: 'subject', names: ['CN=a,O=A\\, B'] },
      { subject: [{ O: ['A, B'] }, { CN: ['a'] }] },
      'CN=a,O=A\\, B',
    ],
    [
      'a distinguished name that has more',
      { identity: 'subject', names: ['CN=a'] },
      { subject: [{ O: ['A'] }, { CN: ['a'] }] },
      '401 certificate_name_unknown',
    ],
    ['for clients, with clientAuth', { identity: 'dns' }, { names: [dns('a')], uses: [SERVER_AUTH, CLIENT_AUTH] }, 'a'],
    ['for any use (RFC 5280 4.2.1.12)', { identity: 'dns' }, { names: [dns('a')], uses: ['2.5.29.37.0'] }, 'a'],
    [
      'for servers alone',
      { identity: 'dns' },
      { names: [dns('a')], uses: [SERVER_AUTH] },
      '401 certificate_use_mismatch',
    ],
  ];

  test.each(rows)('%s: %j', async (_, options, wish, expected) => {
    expect(await outcome({ ...options, issuedBy: root.cert }, wish)).toBe(expected);
  });

  test('a thumbprint, in base64url or as OpenSSL writes it (RFC 8705 3.1)', async () => {
    const self = await issue();
    const thumbprint = thumbprintOf(self.x509);
    for (const names of [
      thumbprint,
      self.x509.fingerprint256,
      self.x509.fingerprint256.replaceAll(':', '').toLowerCase(),
    ])
      expect(await outcome({ identity: 'thumbprint', names }, self)).toBe(thumbprint);
    expect(await outcome({ identity: 'thumbprint', names: 'A'.repeat(43) }, self)).toBe('401 certificate_name_unknown');
  });
});

describe('the principal', () => {
  test('is that of the certificate', async () => {
    const issued = await issue({
      by: root,
      subject: [{ O: ['Acme'] }, { CN: ['billing'] }],
      names: [url(BILLING), dns('billing.example.org'), email('a@example.org')],
      serial: '0abc',
      from: new Date('2026-01-01T00:00:00Z'),
      until: new Date('2098-01-01T00:00:00Z'),
    });
    const chain = chainOf({ identity: 'spiffe', issuedBy: root.cert });
    const { principal, event } = await ask(chain, 'GET /', { certificate: shown(issued) });
    expect(principal).toMatchObject({
      kind: 'workload',
      subject: BILLING,
      issuer: 'spiffe://example.org',
      clientId: undefined,
      issuedAt: Date.parse('2026-01-01T00:00:00Z') / 1_000,
      expiresAt: Date.parse('2098-01-01T00:00:00Z') / 1_000,
      confirmation: { 'x5t#S256': thumbprintOf(issued.x509) },
      via: [{ handler: 'mutual-tls', scheme: 'mutual-tls' }],
    });
    expect(principal?.claims).toEqual({
      jti: '0abc',
      subjectName: 'CN=billing,O=Acme',
      issuerName: 'CN=Root',
      dnsNames: ['billing.example.org'],
      uris: [BILLING],
      emails: ['a@example.org'],
    });
    expect(event.steps[0]?.fingerprint).toEqual(expect.any(String));
  });

  test('of a client has its name as clientId, and the authority as issuer', async () => {
    const chain = chainOf({ identity: 'dns', issuedBy: root.cert, kind: 'client' });
    const issued = await issue({ by: root, names: [dns('a')] });
    const { principal } = await ask(chain, 'GET /', { certificate: shown(issued) });
    expect(principal).toMatchObject({ kind: 'client', subject: 'a', clientId: 'a', issuer: 'CN=Root' });
  });

  test('gets scopes of mapPrincipal, which cannot change how it was proved', async () => {
    const mapPrincipal: MutualTlsHandlerOptions['mapPrincipal'] = (init, claims) => ({
      ...init,
      issuer: 'another',
      scopes: claims['subjectName'] === 'CN=client' ? ['orders:read'] : [],
    });
    const chain = chainOf({ identity: 'dns', mapPrincipal });
    const { principal } = await ask(chain, 'GET /', {
      certificate: shown(await issue({ by: root, names: [dns('a')] })),
    });
    expect(principal).toMatchObject({ scopes: ['orders:read'], issuer: 'CN=Root' });
  });

  test('a mapPrincipal that rejects is an outage, and one that throws a bug: both are told', async () => {
    const told: MutualTlsEvent[] = [];
    const stop = onMutualTlsEvent((event) => told.push(event));
    const issued = await issue({ by: root, names: [dns('a')] });
    const rejecting = chainOf({ identity: 'dns', mapPrincipal: () => Promise.reject(new Error('down')) });
    expect(await ask(rejecting, 'GET /', { certificate: shown(issued) })).toMatchObject({ status: 503 });
    const throwing = chainOf({
      identity: 'dns',
      mapPrincipal: () => {
        throw new Error('bug');
      },
    });
    expect(await ask(throwing, 'GET /', { certificate: shown(issued) })).toMatchObject({ status: 500 });
    stop();
    expect(told.map(({ kind, outcome: how }) => [kind, how])).toEqual([
      ['principal_mapping_failed', 'rejected'],
      ['principal_mapping_failed', 'threw'],
    ]);
  });
});

describe('the authorities of issuedBy', () => {
  const options = () => ({ identity: 'dns', issuedBy: root.cert }) as const;

  test('have issued the certificate themselves, or those that came with it', async () => {
    const leaf = await issue({ by: middle, names: [dns('a')] });
    expect(await outcome(options(), leaf)).toBe('401 certificate_issuer_unknown');
    expect(await outcome(options(), leaf, { chain: [middle.x509] })).toBe('a');
    expect(await outcome(options(), leaf, { chain: [stranger.x509, root.x509, middle.x509] })).toBe('a');
    expect(await outcome({ ...options(), issuedBy: middle.cert }, leaf)).toBe('a');
    expect(await outcome({ ...options(), issuedBy: [stranger.cert, `${middle.cert}\n${stranger.cert}`] }, leaf)).toBe(
      'a',
    );
  });

  test('are known by their key, and not by their name', async () => {
    expect(await outcome(options(), await issue({ by: stranger, names: [dns('a')] }))).toBe(
      '401 certificate_issuer_unknown',
    );
    expect(await outcome(options(), await issue({ names: [dns('a')], subject: [{ CN: ['Root'] }] }))).toBe(
      '401 certificate_issuer_unknown',
    );
  });

  test('are none that no authority may be: a client issues no certificates (RFC 5280 4.2.1.9)', async () => {
    const client = await issue({ by: root, subject: [{ CN: ['not an authority'] }] });
    const forged = await issue({ by: client, names: [dns('a')] });
    expect(await outcome(options(), forged, { chain: [client.x509] })).toBe('401 certificate_issuer_unknown');
  });

  test('a circle of authorities ends', async () => {
    const leaf = await issue({ by: stranger, names: [dns('a')] });
    expect(await outcome(options(), leaf, { chain: [stranger.x509] })).toBe('401 certificate_issuer_unknown');
  });

  test('that have expired issue nothing any more', async () => {
    const old = await authority('Old', { by: root, until: new Date('2021-01-01T00:00:00Z') });
    const leaf = await issue({ by: old, names: [dns('a')] });
    expect(await outcome(options(), leaf, { chain: [old.x509] })).toBe('401 certificate_expired');
    expect(await outcome({ ...options(), issuedBy: old.cert }, leaf)).toBe('401 certificate_expired');
  });
});

describe('the dates', () => {
  const from = new Date('2027-01-15T08:00:00Z');
  const until = new Date('2027-01-15T09:00:00Z');

  test.each<[string, number, string]>([
    ['six seconds before it begins', -6, '401 certificate_not_yet_valid'],
    ['five seconds before it begins', -5, 'a'],
    ['when it begins', 0, 'a'],
    ['just before it ends', 3_599, 'a'],
    ['four seconds after its end', 3_604, 'a'],
    ['five seconds after its end', 3_605, '401 certificate_expired'],
  ])('%s', async (_, seconds, expected) => {
    const clock = new ManualClock(from.getTime() + seconds * 1_000);
    const chain = chainOf({ identity: 'dns', issuedBy: root.cert }, { clock });
    const certificate = shown(await issue({ by: root, names: [dns('a')], from, until }));
    const { principal, status, reason } = await ask(chain, 'GET /', { certificate });
    expect(principal?.subject ?? `${status} ${reason}`).toBe(expected);
  });

  test('also end what is remembered', async () => {
    const clock = new ManualClock(from.getTime());
    const chain = chainOf({ identity: 'dns', issuedBy: root.cert, cache: { ttlSeconds: 86_400 } }, { clock });
    const certificate = shown(await issue({ by: root, names: [dns('a')], from, until }));
    expect((await ask(chain, 'GET /', { certificate })).status).toBe(200);
    clock.pass(3_500);
    expect((await ask(chain, 'GET /', { certificate })).event.steps[0]?.cache).toBe('hit');
    clock.pass(200);
    expect((await ask(chain, 'GET /', { certificate })).reason).toBe('certificate_expired');
  });
});

describe('a certificate that nobody has verified', () => {
  const unverified = { isVerified: false };

  test('identifies nobody', async () => {
    const wish = { names: [dns('a')] };
    expect(await outcome({ identity: 'dns', issuedBy: root.cert }, wish, unverified)).toBe(
      '401 certificate_unverified',
    );
    const self = await issue();
    expect(await outcome({ identity: 'thumbprint', names: self.x509.fingerprint256 }, self, unverified)).toBe(
      '401 certificate_unverified',
    );
  });

  test('does so with allowUnverified: by its thumbprint, or by an authority of issuedBy (RFC 8705 2.2)', async () => {
    const self = await issue();
    const byThumbprint = { identity: 'thumbprint', names: self.x509.fingerprint256, allowUnverified: true } as const;
    expect(await outcome(byThumbprint, self, unverified)).toBe(thumbprintOf(self.x509));
    expect(await outcome(byThumbprint, await issue(), unverified)).toBe('401 certificate_name_unknown');
    const byAuthority = { identity: 'dns', issuedBy: root.cert, allowUnverified: true } as const;
    expect(await outcome(byAuthority, { names: [dns('a')] }, unverified)).toBe('a');
    expect(await outcome(byAuthority, { names: [dns('a')], by: stranger }, unverified)).toBe(
      '401 certificate_issuer_unknown',
    );
  });

  test('needs a listed authority as its direct issuer: what others between may issue was not checked (RFC 5280 6.1)', async () => {
    const leaf = await issue({ by: middle, names: [dns('a')] });
    const options = { identity: 'dns', issuedBy: root.cert, allowUnverified: true } as const;
    const come = { chain: [middle.x509] };
    expect(await outcome(options, leaf, { ...come, ...unverified })).toBe('401 certificate_issuer_unknown');
    expect(await outcome(options, leaf, come)).toBe('a');
    expect(await outcome({ ...options, issuedBy: [root.cert, middle.cert] }, leaf, unverified)).toBe('a');
  });

  test('needs it also after the same one was remembered as verified', async () => {
    const leaf = await issue({ by: middle, names: [dns('a')] });
    const chain = chainOf({ identity: 'dns', issuedBy: root.cert, allowUnverified: true });
    const statusOf = async (how: Shown) =>
      (await ask(chain, 'GET /', { certificate: shown(leaf, { chain: [middle.x509], ...how }) })).status;
    expect([await statusOf({}), await statusOf(unverified), await statusOf({})]).toEqual([200, 401, 200]);
  });

  test('is refused also after the same one was remembered as verified', async () => {
    const chain = chainOf({ identity: 'dns', issuedBy: root.cert });
    const issued = await issue({ by: root, names: [dns('a')] });
    expect((await ask(chain, 'GET /', { certificate: shown(issued) })).status).toBe(200);
    const again = await ask(chain, 'GET /', { certificate: shown(issued, unverified) });
    expect(again.reason).toBe('certificate_unverified');
  });
});

describe('a revoked certificate is refused, also when it is remembered', () => {
  const revoking: [string, (revocations: Revocations, issued: Issued) => Promise<boolean>][] = [
    ['by its thumbprint', (revocations, { x509 }) => revocations.revokeToken(thumbprintOf(x509), { expiresAt: 4e9 })],
    ['by its serial number', (revocations) => revocations.revokeJti('0c0de0', { issuer: 'CN=Root', expiresAt: 4e9 })],
    ['by its subject', (revocations) => revocations.revokeSubject('a', { issuer: 'CN=Root' })],
    ['by its client', (revocations) => revocations.revokeClient('a')],
  ];

  test.each(revoking)('%s', async (_, revoke) => {
    const revocations = new Revocations();
    const chain = chainOf({ identity: 'dns', issuedBy: root.cert, kind: 'client' }, { revocations });
    const issued = await issue({ by: root, names: [dns('a')], serial: '0c0de0' });
    const other = await issue({ by: root, names: [dns('b')], serial: '0c0de1' });
    const statusOf = async (one: Issued) => (await ask(chain, 'GET /', { certificate: shown(one) })).status;
    expect([await statusOf(issued), await statusOf(other)]).toEqual([200, 200]);
    expect(await revoke(revocations, issued)).toBe(true);
    expect([await statusOf(issued), await statusOf(other)]).toEqual([401, 200]);
    // One that never saw it refuses it, too.
    const fresh = chainOf({ identity: 'dns', issuedBy: root.cert, kind: 'client' }, { revocations });
    expect((await ask(fresh, 'GET /', { certificate: shown(issued) })).status).toBe(401);
  });

  test('by its serial number also with the other signature that ECDSA has for it', async () => {
    const revocations = new Revocations();
    const chain = chainOf({ identity: 'dns', issuedBy: root.cert }, { revocations });
    const { x509 } = await issue({ by: root, names: [dns('a')], serial: '0c0de0' });
    const again = respelt(x509);
    expect([thumbprintOf(again) === thumbprintOf(x509), again.verify(root.x509.publicKey)]).toEqual([false, true]);
    const statusOf = async (one: typeof x509) => {
      const certificate = { x509: one, isVerified: true, chain: [] };
      return (await ask(chain, 'GET /', { certificate })).status;
    };
    expect([await statusOf(x509), await statusOf(again)]).toEqual([200, 200]);
    await revocations.revokeToken(thumbprintOf(x509));
    // A thumbprint names one spelling.
    expect([await statusOf(x509), await statusOf(again)]).toEqual([401, 200]);
    await revocations.revokeJti(x509.serialNumber.toLowerCase(), { issuer: 'CN=Root', expiresAt: 4e9 });
    expect([await statusOf(x509), await statusOf(again)]).toEqual([401, 401]);
  });

  test('by its serial number whatever claims mapPrincipal keeps', async () => {
    const revocations = new Revocations();
    const certificate = shown(await issue({ by: root, names: [dns('a')], serial: '0c0de0' }));
    await revocations.revokeJti('0c0de0', { issuer: 'CN=Root', expiresAt: 4e9 });
    for (const claims of [undefined, {}, { jti: 'another', tenant: 'acme' }]) {
      const mapPrincipal: MutualTlsHandlerOptions['mapPrincipal'] = (init) => ({ ...init, claims });
      const refusing = chainOf({ identity: 'dns', issuedBy: root.cert, mapPrincipal }, { revocations });
      expect((await ask(refusing, 'GET /', { certificate })).status).toBe(401);
    }
  });

  test('a subject that gets a new certificate afterwards is let in', async () => {
    const revocations = new Revocations();
    const chain = chainOf({ identity: 'dns', issuedBy: root.cert }, { revocations });
    await revocations.revokeSubject('a', { issuer: 'CN=Root', at: Date.parse('2026-06-01') / 1_000 });
    const before = await issue({ by: root, names: [dns('a')], from: new Date('2026-05-01') });
    const after = await issue({ by: root, names: [dns('a')], from: new Date('2026-07-01') });
    const statuses = [before, after].map(
      async (one) => (await ask(chain, 'GET /', { certificate: shown(one) })).status,
    );
    expect(await Promise.all(statuses)).toEqual([401, 200]);
  });
});

describe('in a chain', () => {
  test('no certificate is a missing credential; the challenge names the scheme that no client knows', async () => {
    const { status, reason, challenges } = await ask(
      chainOf({ identity: 'spiffe', issuedBy: root.cert, realm: 'api' }),
    );
    expect([status, reason, challenges]).toEqual([401, 'credentials_missing', ['ClientCertificate realm="api"']]);
  });

  test('a bad certificate is refused where it is optional, too', async () => {
    const requirement = optional(new MutualTlsHandler({ identity: 'dns', issuedBy: root.cert }));
    const chain = new SecurityChain({ requirement });
    expect((await ask(chain)).status).toBe(200);
    const certificate = shown(await issue({ by: stranger, names: [dns('a')] }));
    expect((await ask(chain, 'GET /', { certificate })).reason).toBe('certificate_issuer_unknown');
  });

  test('the second request with a certificate is decided at once', async () => {
    const chain = chainOf({ identity: 'dns', issuedBy: root.cert });
    const certificate = shown(await issue({ by: root, names: [dns('a')] }));
    await ask(chain, 'GET /', { certificate });
    expect(chain.decide(buildRequest('GET /', { certificate }))).not.toBeInstanceOf(Promise);
  });

  test('a certificate is ambient: a key beside it is looked at first, and its refusal stops', async () => {
    const keys = headerHandler({
      name: 'keys',
      header: 'x-key',
      verify: (key) => (key === 'good' ? authenticated(createPrincipal({ subject: 'key' })) : denied('key_unknown')),
    });
    const machines = new MutualTlsHandler({ identity: 'dns', issuedBy: root.cert });
    const chain = new SecurityChain({ requirement: anyOf(machines, keys) });
    const certificate = shown(await issue({ by: root, names: [dns('a')] }));
    const subjects = [];
    for (const headers of [{}, { 'x-key': 'good' }, { 'x-key': 'bad' }]) {
      const { principal, reason } = await ask(chain, 'GET /', { certificate, headers });
      subjects.push(principal?.subject ?? reason);
    }
    expect(subjects).toEqual(['a', 'key', 'key_unknown']);
  });

  test('what a proxy forwarded and cannot be read is refused with 400', async () => {
    const verdict = malformed('client_certificate_doubled');
    const request = new SecurityRequest({
      method: 'GET',
      target: '/',
      rawHeaders: [],
      clientCertificate: () => verdict,
    });
    const chain = chainOf({ identity: 'dns', issuedBy: root.cert });
    expect(await chain.decide(request)).toMatchObject({ status: 400, reason: 'client_certificate_doubled' });
    const open = new SecurityChain({ requirement: anonymous() });
    expect((await open.decide(request)).kind).toBe('granted');
  });
});

describe('options that let anybody in are refused at the start', () => {
  test.each<[string, MutualTlsHandlerOptions, string]>([
    ['neither names nor authorities', { identity: 'dns' }, 'names is needed'],
    ['a trust domain alone', { identity: 'spiffe', trustDomains: 'example.org' }, 'names is needed'],
    ['unverified names', { identity: 'dns', names: 'a', allowUnverified: true }, 'allowUnverified is only'],
    [
      'any unverified thumbprint',
      { identity: 'thumbprint', mapPrincipal: (init) => init, allowUnverified: true },
      'allowUnverified is only',
    ],
    [
      'a trust domain of a host name',
      { identity: 'dns', names: 'a', trustDomains: 'example.org' },
      'trustDomains is only',
    ],
    [
      'a trust domain that is none',
      { identity: 'spiffe', names: BILLING, trustDomains: 'Example' },
      'trustDomains[0] must',
    ],
    ['a SPIFFE ID that is none', { identity: 'spiffe', names: 'spiffe://a/' }, 'names[0] must'],
    ['a thumbprint that is none', { identity: 'thumbprint', names: 'ab:cd' }, 'names[0] must'],
    ['an authority that is no certificate', { identity: 'dns', issuedBy: 'no PEM' }, 'issuedBy must be certificates'],
  ])('%s', (_, options, told) => {
    expect(() => new MutualTlsHandler(options)).toThrow(told);
  });

  test('a certificate of a client is no authority', async () => {
    const client = await issue();
    expect(() => new MutualTlsHandler({ identity: 'dns', issuedBy: client.cert })).toThrow('issuedBy must be');
  });
});
