import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { checkedEndpoint, OutboundClient, type OutboundOptions } from '@sallyport/handlers/outbound';

let warn: jest.SpiedFunction<typeof process.emitWarning>;

beforeEach(() => {
  warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});

afterEach(() => warn.mockRestore());

const endpoint = (url: string, options: OutboundOptions) => () =>
  checkedEndpoint(url, 'endpoint', new OutboundClient(options).settings).href;

describe('allowInsecureHosts', () => {
  test.each<[string, string[]]>([
    ['http://keycloak:8080/realms/shop', ['keycloak']],
    ['http://KEYCLOAK/realms/shop', ['keycloak']],
    ['http://10.0.0.7/keys', ['keycloak', '10.0.0.7']],
    ['http://[fd00::7]/keys', ['[fd00::7]']],
  ])('lets %s be called where %p are named', (url, allowInsecureHosts) => {
    expect(endpoint(url, { allowInsecureHosts })()).toBe(new URL(url).href);
  });

  test.each([
    'http://evil-keycloak/',
    'http://keycloak.evil.example/',
    'http://sub.keycloak/',
    'http://keycloak./',
    'http://keycloak@evil.example/',
    'http://localhost/',
    'ftp://keycloak/',
  ])('no other host is called without TLS: %s', (url) => {
    expect(endpoint(url, { allowInsecureHosts: ['keycloak'] })).toThrow('endpoint must be an https URL');
  });

  test('needs no name for https', () => {
    expect(endpoint('https://idp.example/', { allowInsecureHosts: ['keycloak'] })()).toBe('https://idp.example/');
  });

  test.each(['keycloak:8080', 'http://keycloak', 'Keycloak', '*', '*.internal', '.internal', 'a b', 'user@host', ''])(
    'takes exact names only, not %p',
    (host) => {
      const make = () => new OutboundClient({ allowInsecureHosts: [host] });
      expect(make).toThrow('OutboundOptions.allowInsecureHosts[0] must be');
    },
  );

  test('warns once at start and names them', () => {
    const client = new OutboundClient({ allowInsecureHosts: ['keycloak', 'dex'] });
    checkedEndpoint('http://dex/', 'endpoint', client.settings);
    expect(warn.mock.calls).toEqual([
      ['keycloak, dex may be called without TLS (allowInsecureHosts)', 'SallyportWarning'],
    ]);
  });
});
