import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import {
  alternativeNames,
  distinguishedName,
  namesIn,
} from '../../../packages/handlers/src/mutual-tls/certificate-names.js';
import { readSpiffeId, readTrustDomain } from '../../../packages/handlers/src/mutual-tls/spiffe-id.js';
import { issue, type Wish } from '../../support/certificates.js';
import vectors from '../../vectors/certificates/spiffe-ids.json' with { type: 'json' };

const NONE = { dns: [], uris: [], emails: [] };

describe('alternative names are told apart, whatever is in them (RFC 5280 4.2.1.6; CVE-2021-44532)', () => {
  test.each<[string, Wish['names'], object]>([
    [
      'one of each',
      [
        { type: 'dns', value: 'a.example' },
        { type: 'url', value: 'urn:x' },
        { type: 'email', value: 'a@b.example' },
      ],
      { dns: ['a.example'], uris: ['urn:x'], emails: ['a@b.example'] },
    ],
    [
      'several of one kind',
      [
        { type: 'dns', value: 'a.example' },
        { type: 'dns', value: 'b.example' },
      ],
      { dns: ['a.example', 'b.example'] },
    ],
    [
      'a name with a comma, and what looks like another name',
      [{ type: 'dns', value: 'a.example, DNS:evil.example' }],
      { dns: ['a.example, DNS:evil.example'] },
    ],
    [
      'a URI with the same',
      [{ type: 'url', value: 'spiffe://a/b, URI:spiffe://c/d' }],
      { uris: ['spiffe://a/b, URI:spiffe://c/d'] },
    ],
    ['an address with the same', [{ type: 'email', value: 'a@b, email:c@d' }], { emails: ['a@b, email:c@d'] }],
    ['quotes', [{ type: 'dns', value: '"a", DNS:"b"' }], { dns: ['"a", DNS:"b"'] }],
    ['a backslash', [{ type: 'url', value: 'a\\", URI:b' }], { uris: ['a\\", URI:b'] }],
    [
      'a NUL',
      [{ type: 'dns', value: 'good.example\u0000.evil.example' }],
      { dns: ['good.example\u0000.evil.example'] },
    ],
    ['a line break', [{ type: 'dns', value: 'a\nDNS:b' }], { dns: ['a\nDNS:b'] }],
    [
      'an empty name in front of another',
      [
        { type: 'dns', value: '' },
        { type: 'dns', value: 'b' },
      ],
      { dns: ['', 'b'] },
    ],
    [
      'an IP address is none of them',
      [
        { type: 'ip', value: '::1' },
        { type: 'dns', value: 'b' },
      ],
      { dns: ['b'] },
    ],
    [
      'a name of a directory is none of them',
      [
        { type: 'dn', value: 'CN=a\\, DNS:evil.example, O=c' },
        { type: 'dns', value: 'b' },
      ],
      { dns: ['b'] },
    ],
    [
      'a name of Microsoft is none of them',
      [
        { type: 'upn', value: 'user@x, DNS:evil.example' },
        { type: 'dns', value: 'b' },
      ],
      { dns: ['b'] },
    ],
    ['an identifier is none of them', [{ type: 'id', value: '1.2.3.4' }], {}],
    ['none', [], {}],
  ])('%s', async (_, names, expected) => {
    const found = namesIn((await issue({ names: names ?? [] })).x509);
    expect(found).toMatchObject({ ...NONE, ...expected });
  });

  test.each(['DNS:a,DNS:b', 'DNS:a, ', 'DNS:"a', 'DNS:"a"b', 'DNS:"\\x"', 'DNS', ', DNS:a', 'DNS:a"b'])(
    'a text that Node does not make is not guessed at: %j',
    (text) => {
      expect(alternativeNames(text)).toBeUndefined();
    },
  );
});

describe('a distinguished name is written as RFC 4514 says', () => {
  const subjects: [string, Wish['subject'], string][] = [
    ['the last part first', [{ C: ['DE'] }, { O: ['A'] }, { CN: ['a'] }], 'CN=a,O=A,C=DE'],
    ['commas and plus signs', [{ O: ['A, B'] }, { CN: ['a + b'] }], 'CN=a \\+ b,O=A\\, B'],
    ['several values of one part', [{ CN: ['x'], OU: ['y'] }], 'OU=y+CN=x'],
    ['a line break that would be a part', [{ CN: ['a\nO=evil'] }], 'CN=a\\0AO=evil'],
    ['two common names', [{ CN: ['one'] }, { CN: ['two'] }], 'CN=two,CN=one'],
  ];

  test.each(subjects)('%s (CVE-2021-44533)', async (_, subject, expected) => {
    const { cert, x509 } = await issue({ subject: subject ?? [] });
    expect(namesIn(x509)?.subject).toBe(expected);
    const [told] = openssl(cert);
    if (told !== undefined) expect(told).toBe(expected);
  });

  test('without a subject it is empty', () => {
    expect([distinguishedName(''), distinguishedName(undefined)]).toEqual(['', '']);
  });
});

/** As the operator sees it; nothing where there is no such program. */
function openssl(cert: string): string[] {
  try {
    const options = ['x509', '-noout', '-subject', '-nameopt', 'RFC2253,utf8,-esc_msb'];
    return [
      execFileSync('openssl', options, { input: cert, encoding: 'utf8' })
        .trim()
        .replace(/^subject=/, ''),
    ];
  } catch {
    return [];
  }
}

describe('SPIFFE IDs are read exactly (SPIFFE-ID 2)', () => {
  test.each(vectors.workloads.map(({ title, id, trustDomain }) => [title, id, trustDomain]))(
    '%s: %j',
    (_, id, trustDomain) => {
      expect(readSpiffeId(id)).toEqual({ text: id, trustDomain });
    },
  );

  test.each(vectors.others.map(({ title, id }) => [title, id]))('none: %s: %j', (_, id) => {
    expect(readSpiffeId(id)).toBeUndefined();
  });

  test('at most 2 048 bytes, and 255 of the trust domain', () => {
    const longest = `spiffe://example.org/${'a'.repeat(2_048 - 21)}`;
    expect([readSpiffeId(longest)?.text, readSpiffeId(`${longest}a`)]).toEqual([longest, undefined]);
    const domain = 'a'.repeat(255);
    expect(readSpiffeId(`spiffe://${domain}/b`)?.trustDomain).toBe(domain);
    expect(readSpiffeId(`spiffe://${domain}a/b`)).toBeUndefined();
  });

  test('a trust domain may be written with its scheme', () => {
    const read = ['example.org', 'spiffe://example.org', 'Example.org', 'spiffe://example.org/', 'a b', ''].map(
      readTrustDomain,
    );
    expect(read).toEqual(['example.org', 'example.org', undefined, undefined, undefined, undefined]);
  });
});
