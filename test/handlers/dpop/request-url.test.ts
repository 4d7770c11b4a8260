import { describe, expect, test } from '@jest/globals';
import { ask } from '@sallyport/core/testing';
import fc from 'fast-check';
import { isForUrl, normalPath, normalUrl } from '../../../packages/handlers/src/dpop/request-url.js';
import { cases } from '../../support/random-cases.js';
import { DpopClient, DpopUnderTest, outcomeOf } from './dpop-fixture.js';

const BASES = ['https://api.example.com'];

const SEGMENT = fc.stringMatching(/^[A-Za-z0-9\-._~!$&'()*+,;=:@]{1,8}$/).filter((text) => !/^\.{1,2}$/.test(text));
const PATH = fc.array(SEGMENT, { maxLength: 4 }).map((segments) => `/${segments.join('/')}`);

/** Other spellings of the same URL (RFC 3986 6.2.2 and 6.2.3). */
const SPELLINGS: Readonly<Record<string, (url: string) => string>> = {
  'the scheme in capitals': (url) => url.replace('https', 'HTTPS'),
  'the host in capitals': (url) => url.replace('api.example.com', 'Api.Example.COM'),
  'the port of the scheme': (url) => url.replace('.com', '.com:443'),
  'a colon without a port': (url) => url.replace('.com', '.com:'),
  'letters in percent-encoding': (url) =>
    url.replace(/(?<=com\/.*)[A-Za-z0-9]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  'a dot segment': (url) => url.replace('.com/', '.com/./'),
  'a segment and its way back': (url) => url.replace('.com/', '.com/x/../'),
  'a way above the root': (url) => url.replace('.com/', '.com/../'),
  'a query': (url) => `${url}?a=b&c`,
  'a fragment': (url) => `${url}#part`,
  'a query and a fragment': (url) => `${url}?a#part`,
};

describe('htu', () => {
  test.each(Object.entries(SPELLINGS))('may be spelt otherwise: %s (RFC 3986 6.2.2, 6.2.3)', (_how, spelt) => {
    fc.assert(
      fc.property(PATH, (path) => isForUrl(spelt(BASES[0] + path), path, BASES)),
      cases(200),
    );
  });

  test('with another path is for another request', () => {
    fc.assert(
      fc.property(PATH, PATH, (asked, named) => {
        return isForUrl(BASES[0] + named, asked, BASES) === (asked === named);
      }),
      cases(300),
    );
  });

  test('with another character anywhere is for another request', () => {
    const change = fc.record({ path: PATH, at: fc.nat(60), to: fc.constantFrom(...'aZ0/.:@\\%_') });
    fc.assert(
      fc.property(change, ({ path, at, to }) => {
        const url = BASES[0] + path;
        const index = at % url.length;
        const changed = url.slice(0, index) + to + url.slice(index + 1);
        const isSame = normalUrl(changed) === normalUrl(url);
        return (
          isForUrl(changed, path, BASES) === isSame &&
          (changed === url ||
            !isSame ||
            changed.toLowerCase() === url.toLowerCase() ||
            // A slash that became a colon without a port leaves the empty path, which is that of the slash.
            normalPath(changed.slice(23).replace(/^:$/, '/')) === normalPath(path))
        );
      }),
      cases(500),
    );
  });

  test('in one spelling stays as it is', () => {
    fc.assert(
      fc.property(PATH, (path) => normalUrl(BASES[0] + path) === BASES[0] + path),
      cases(200),
    );
  });

  test('that is any text never breaks anything, and is good only for what it names', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => !isForUrl(text, '/orders', BASES)),
      cases(500),
    );
  });

  test.each([
    ['/a%2fb', '/a%2Fb'],
    ['/%7euser', '/~user'],
    ['/a/./b', '/a/b'],
    ['/a/../b', '/b'],
    ['/a/b/..', '/a/'],
    ['/a/b/.', '/a/b/'],
    ['/%2e%2e/b', '/b'],
    ['/a//b', '/a//b'],
    ['/%zz', '/%zz'],
    ['/%', '/%'],
    ['', '/'],
  ])('has the path %s as %s', (path, normal) => {
    expect(normalPath(path)).toBe(normal);
  });
});

describe('the address of a server', () => {
  const client = new DpopClient();
  const token = client.token();

  async function outcome(externalUrl: string | readonly string[], htu: string, line = 'GET /orders?page=2') {
    return new DpopUnderTest({ externalUrl }).outcome(token, client.proof(token, { claims: { htu } }), { line });
  }

  test('may have a path that a proxy cuts off', async () => {
    for (const externalUrl of ['https://api.example.com/v1', 'https://api.example.com/v1/']) {
      expect(await outcome(externalUrl, 'https://api.example.com/v1/orders')).toBe('200');
      expect(await outcome(externalUrl, 'https://api.example.com/orders')).toBe('401 dpop_proof_url_mismatch');
    }
  });

  test('is told to operators where it differs, without a query and what may be a secret in a path', async () => {
    const detailOf = async (htu: string) => {
      const proof = client.proof(token, { claims: { htu } });
      const { event } = await new DpopUnderTest().ask(token, proof, {
        line: 'GET /reset/s3cr3t-of-request?access_token=q1',
      });
      return event.steps[0]?.detail;
    };
    const expected = 'expected "https://api.example.com/reset/{}-of-request"';
    const base = 'https://api.example.com';
    expect(await detailOf(`${base}/reset/s3cr3t-of-proof?access_token=q2#f3`)).toBe(
      `htu is "${base}/reset/{}-of-proof", ${expected}: its path differs`,
    );
    expect(await detailOf('http://api.example.com/reset/s3cr3t-of-request?access_token=q2')).toBe(
      `htu is "http://api.example.com/reset/{}-of-request", ${expected}: its scheme, host or port differs`,
    );
    expect(await detailOf('ftp://s3cr3t?access_token=q2')).toBe('htu is no http URL');
  });

  test('may be one of several', async () => {
    const externalUrl = ['https://api.example.com', 'http://localhost:3000'];
    expect(await outcome(externalUrl, 'https://api.example.com/orders')).toBe('200');
    expect(await outcome(externalUrl, 'http://localhost:3000/orders')).toBe('200');
    expect(await outcome(externalUrl, 'https://localhost:3000/orders')).toBe('401 dpop_proof_url_mismatch');
  });

  test('is not what the request says: neither Host nor forwarded headers count', async () => {
    const { chain } = new DpopUnderTest();
    const named = {
      Host: 'evil.example',
      'X-Forwarded-Host': 'evil.example',
      Forwarded: 'host=evil.example;proto=https',
    };
    const ofHost = async (origin: string) => {
      const DPoP = client.proof(token, { claims: { htu: `${origin}/orders` } });
      return outcomeOf(
        await ask(chain, 'GET /orders', { headers: { Authorization: `DPoP ${token}`, DPoP, ...named } }),
      );
    };
    expect(await ofHost('https://evil.example')).toBe('401 dpop_proof_url_mismatch');
    expect(await ofHost('https://api.example.com')).toBe('200');
  });
});
