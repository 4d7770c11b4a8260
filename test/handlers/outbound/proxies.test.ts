import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ConfigurationError } from '@sallyport/core';
import { OutboundClient, type OutboundOptions } from '@sallyport/handlers/outbound';
import { Agent } from 'undici';
import { ForwardProxy } from '../../support/forward-proxy.js';
import { PromptClock } from '../../support/prompt-clock.js';
import { selfSigned, tlsServer } from '../../support/tls-server.js';

const NAME = 'idp.sallyport.invalid';

let idp: Awaited<ReturnType<typeof selfSigned>>;
let gate: Awaited<ReturnType<typeof selfSigned>>;
let server: Awaited<ReturnType<typeof tlsServer>>;
let proxy: ForwardProxy;
let client: OutboundClient;

beforeAll(async () => {
  idp = await selfSigned(NAME);
  gate = await selfSigned('localhost');
  server = await tlsServer(idp);
});

beforeEach(async () => {
  proxy = await ForwardProxy.start();
});

afterEach(async () => {
  await client?.close();
  await proxy.close();
});

afterAll(() => server.close());

/** The answer, or code and message of the error. */
async function outcome(options: OutboundOptions, clock = new PromptClock()): Promise<string> {
  await client?.close();
  client = new OutboundClient({ certificateAuthorities: [idp.cert, gate.cert], ...options }, { clock });
  const url = new URL(`https://${NAME}:${server.port}/keys`);
  const pending = client.send({ url, method: 'GET', mediaTypes: ['application/json'], maxBytes: 100 }).then(
    ({ body }) => body.toString(),
    ({ code, message }) => `${code} ${message}`,
  );
  return pending;
}

const target = () => `${NAME}:${server.port}`;
const place = () => `https://${target()}/keys`;

describe('with a proxy, a call', () => {
  test('goes through its tunnel, and TLS reaches to the server (RFC 9110 9.3.6)', async () => {
    expect(await outcome({ proxy: proxy.url })).toBe('{}');
    expect(proxy.tunnels).toEqual([{ target: target(), authorization: undefined }]);
    expect(server.arrivals.at(-1)).toMatchObject({ host: target() });
  });

  test('trusts nobody else for that', async () => {
    const code = 'ERR_SALLYPORT_UPSTREAM_UNREACHABLE';
    expect(await outcome({ proxy: proxy.url, certificateAuthorities: gate.cert })).toBe(
      `${code} ${place()}: the connection failed (DEPTH_ZERO_SELF_SIGNED_CERT)`,
    );
  });

  test('shows the proxy its name and password, and the server neither (RFC 7617)', async () => {
    const url = proxy.url.replace('//', '//me:p%40ss@');
    expect(await outcome({ proxy: url })).toBe('{}');
    expect(proxy.tunnels[0]?.authorization).toBe(`Basic ${btoa('me:p@ss')}`);
    expect(JSON.stringify(server.arrivals.at(-1))).not.toMatch(/proxy-auth|p@ss|bWU6/);
  });

  test('that cannot be reached is 503 and tells which proxy, without its password', async () => {
    const url = proxy.url.replace('//', '//me:secret@');
    await proxy.close();
    const told = await outcome({ proxy: url });
    proxy = await ForwardProxy.start();
    const { host } = new URL(url);
    expect(told).toBe(
      `ERR_SALLYPORT_UPSTREAM_UNREACHABLE ${place()}: the proxy ${host} cannot be reached (ECONNREFUSED)`,
    );
  });

  test.each([403, 407, 502])('that it refuses with %d is 503 and tells so', async (status) => {
    proxy.refusal = status;
    expect(await outcome({ proxy: proxy.url })).toBe(
      `ERR_SALLYPORT_UPSTREAM_UNREACHABLE ${place()}: the proxy ${proxy.host} answered with status ${status}`,
    );
  });

  test('to which it hangs up is tried twice, and then 503', async () => {
    proxy.mood = 'rude';
    expect(await outcome({ proxy: proxy.url })).toMatch(/UNREACHABLE .* the proxy localhost:\d+ cannot be reached/);
    expect(proxy.tunnels).toHaveLength(2);
  });

  test('to which it says nothing ends at its deadline', async () => {
    proxy.mood = 'silent';
    const clock = new PromptClock();
    const pending = outcome({ proxy: proxy.url }, clock);
    while (proxy.tunnels.length === 0) await new Promise(setImmediate);
    clock.pass(2);
    expect(await pending).toMatch(/^ERR_SALLYPORT_UPSTREAM_TIMEOUT /);
  });
});

describe('a proxy over TLS', () => {
  beforeEach(async () => {
    await proxy.close();
    proxy = await ForwardProxy.start(gate);
  });

  test('has to prove its name', async () => {
    expect(await outcome({ proxy: proxy.url })).toBe('{}');
    expect(await outcome({ proxy: proxy.url, certificateAuthorities: idp.cert })).toMatch(
      /the proxy localhost:\d+ cannot be reached \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/,
    );
  });

  test('does not see the certificate of the handler (RFC 8705 2)', async () => {
    expect(await outcome({ proxy: proxy.url, clientCertificate: gate })).toBe('{}');
    expect(proxy.certificates).toEqual([undefined]);
  });
});

describe('proxies of the environment', () => {
  const NAMES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'NO_PROXY', 'no_proxy'];
  let before: Record<string, string | undefined>;

  beforeEach(() => {
    before = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]));
    for (const name of NAMES) delete process.env[name];
    process.env['HTTPS_PROXY'] = proxy.url;
  });

  afterEach(() => {
    for (const name of NAMES) {
      delete process.env[name];
      if (before[name] !== undefined) process.env[name] = before[name];
    }
  });

  test('are used where the option says so', async () => {
    expect(await outcome({ proxy: 'environment' })).toBe('{}');
    expect(proxy.tunnels).toHaveLength(1);
  });

  test('are not used for hosts of NO_PROXY, and not without the option', async () => {
    process.env['NO_PROXY'] = '.sallyport.invalid';
    expect(await outcome({ proxy: 'environment' })).toMatch(/the connection failed \((?:ENOTFOUND|EAI_AGAIN)\)$/);
    delete process.env['NO_PROXY'];
    expect(await outcome({})).toMatch(/the connection failed \((?:ENOTFOUND|EAI_AGAIN)\)$/);
    expect(proxy.tunnels).toEqual([]);
  });
});

describe('a dispatcher', () => {
  test('makes the calls, and stays open', async () => {
    const lookup = (_host: string, _options: object, found: (error: null, addresses: object[]) => void) =>
      found(null, [{ address: '127.0.0.1', family: 4 }]);
    const dispatcher = new Agent({ connect: { lookup, ca: idp.cert } as never });
    expect(await outcome({ certificateAuthorities: undefined, dispatcher })).toBe('{}');
    await client.close();
    expect(dispatcher.closed).toBe(false);
    expect(dispatcher.destroyed).toBe(false);
    await dispatcher.destroy();
  });

  test('that throws means 503 (as one of an undici before 7 does)', async () => {
    const dispatcher = {
      dispatch: () => {
        throw new Error('Bearer s3cret');
      },
    } as never;
    expect(await outcome({ certificateAuthorities: undefined, dispatcher })).toBe(
      `ERR_SALLYPORT_UPSTREAM_UNREACHABLE ${place()}: the call could not be sent (Error)`,
    );
  });

  test.each<[string, OutboundOptions]>([
    ['proxy', { proxy: 'http://proxy:3128' }],
    ['certificateAuthorities', { certificateAuthorities: 'PEM' }],
    ['clientCertificate', { clientCertificate: { cert: 'c', key: 'k' } }],
    ['dangerouslyAcceptAnyCertificate', { dangerouslyAcceptAnyCertificate: true }],
  ])('refuses what it would leave without effect: %s', (name, options) => {
    const make = () => new OutboundClient({ dispatcher: new Agent(), ...options });
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(`OutboundOptions.${name} is up to the dispatcher where one is given`);
  });
});

describe('a proxy is an http or https URL and nothing else:', () => {
  test.each(['proxy:3128', 'socks5://proxy', 'http://proxy/path', 'http://proxy/?s3cret', 'system', ''])(
    '%p',
    (url) => {
      expect(() => new OutboundClient({ proxy: url })).toThrow(/^OutboundOptions\.proxy must be (?!.*s3cret)/);
    },
  );
});
