import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import {
  type AdapterOptions,
  answerBy,
  checkedAdapterOptions,
  Gate,
  isAnswerable,
  isPreflight,
  NodeRequestSource,
  type RouteDemands,
  setHeaderLines,
  TrustedProxies,
  userOf,
  writeDenial,
} from '@sallyport/adapters/extend';
import { type Decider, type DeniedDecision, type Principal, type Requirement, requireScopes } from '@sallyport/core';
import { type AdapterUnderTest, adapterRules, type MountingOptions } from '@sallyport/core/testing';
import { breach, brokenRules } from './broken-rules.js';

type Options = AdapterOptions<readonly [request: IncomingMessage, response: ServerResponse]>;
type Next = (user: Principal | undefined) => void;

const ORDERS = requireScopes('orders:read');

/** An adapter for node:http that keeps every rule; the others each break one. */
class GoodAdapter {
  protected readonly options: ReturnType<
    typeof checkedAdapterOptions<readonly [IncomingMessage, ServerResponse], unknown>
  >;
  protected gate: Gate;
  protected readonly requirement: Requirement;

  constructor(decider: Decider, options: MountingOptions, requirement: Requirement) {
    this.options = checkedAdapterOptions(options as Options);
    this.gate = new Gate(decider);
    this.requirement = requirement;
  }

  handle(request: IncomingMessage, response: ServerResponse, guarded: boolean, next: Next) {
    if (this.publishes(request, response)) return;
    const { allowPreflight } = this.options;
    if (allowPreflight && isPreflight(request.method, request.rawHeaders)) return next(undefined);
    const goOn = request.url === '/keys' ? () => this.demand(request, response, [this.requirement], next) : next;
    this.demand(request, response, guarded ? this.guards() : [], goOn);
  }

  protected publishes(request: IncomingMessage, response: ServerResponse): boolean {
    const published = this.gate.published(request.method, request.url);
    if (published !== undefined) writeDenial(response, published);
    return published !== undefined;
  }

  protected demand(request: IncomingMessage, response: ServerResponse, demands: RouteDemands, next: Next) {
    const { gate, guard } = this.gate.of(demands);
    gate.pass(request, this.reading(request, response), guard, (decision) => {
      if (decision.kind === 'denied') return this.deny(request, response, decision);
      this.mark(response, decision.headers);
      this.goOn(response, () => next(this.user(decision.principal)));
    });
  }

  protected reading(request: IncomingMessage, response: ServerResponse): NodeRequestSource {
    return new NodeRequestSource(request, response, this.options.proxies);
  }

  protected guards(): RouteDemands {
    return [ORDERS];
  }

  protected user(principal: Principal): Principal | undefined {
    return userOf(principal);
  }

  protected mark(response: ServerResponse, headers: DeniedDecision['headers']): void {
    setHeaderLines(response, headers);
  }

  protected goOn(_response: ServerResponse, next: () => void): void {
    next();
  }

  protected deny(request: IncomingMessage, response: ServerResponse, denied: DeniedDecision): void {
    const { onDenied } = this.options;
    const answer = () => this.write(response, denied);
    if (onDenied === undefined) answer();
    else if (isAnswerable(response))
      answerBy(
        () => onDenied(denied, request, response, answer),
        () => {},
      );
  }

  protected write(response: ServerResponse, denied: DeniedDecision) {
    writeDenial(response, denied);
  }
}

/** Asks for credentials where a client wants to know how to get some. */
class Secretive extends GoodAdapter {
  protected override publishes(): boolean {
    return false;
  }
}

class NobodyAsUser extends GoodAdapter {
  protected override user(principal: Principal): Principal {
    return { ...principal, subject: principal.subject || 'anonymous' } as Principal;
  }
}

/** Hands the principal on only where it has been waited for. */
class Hasty extends GoodAdapter {
  #isWaiting = false;

  override handle(request: IncomingMessage, response: ServerResponse, guarded: boolean, next: Next) {
    const isBare = request.url === '/' && request.method === 'GET';
    this.#isWaiting = false;
    super.handle(request, response, guarded, (user) => next(this.#isWaiting || !isBare ? user : undefined));
    this.#isWaiting = true;
  }
}

class Unguarded extends GoodAdapter {
  protected override guards(): RouteDemands {
    return [];
  }
}

/** Has what a route requires in the place of what the chain requires. */
class Replacing extends GoodAdapter {
  override handle(request: IncomingMessage, response: ServerResponse, guarded: boolean, next: Next) {
    if (request.url !== '/keys') return super.handle(request, response, guarded, next);
    this.demand(request, response, [this.requirement], next);
  }
}

/** Asks anew for each guard. */
class Asking extends GoodAdapter {
  override handle(request: IncomingMessage, response: ServerResponse, guarded: boolean, next: Next) {
    const again = () => super.handle(request, response, guarded, next);
    if (!guarded) return again();
    super.handle(request, response, false, () => {
      this.gate.letThrough(request);
      again();
    });
  }
}

class Bare extends GoodAdapter {
  protected override mark(): void {}
}

class Reading extends GoodAdapter {
  override handle(request: IncomingMessage, response: ServerResponse, guarded: boolean, next: Next) {
    if (request.method !== 'POST' || request.url !== '/echo') return super.handle(request, response, guarded, next);
    request.once('data', () => super.handle(request, response, guarded, next));
  }
}

/** Keeps what it has read. */
class Swallowing extends GoodAdapter {
  protected override reading(request: IncomingMessage, response: ServerResponse): NodeRequestSource {
    const source = super.reading(request, response);
    const body: NodeRequestSource['body'] = async (limitBytes) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const bytes = Buffer.concat(chunks);
      return bytes.length > limitBytes ? 'too_large' : bytes;
    };
    return Object.assign(source, { body });
  }
}

/** Closes the connection of what is too large. */
class Resetting extends GoodAdapter {
  protected override reading(request: IncomingMessage, response: ServerResponse): NodeRequestSource {
    const source = super.reading(request, response);
    const read = source.body.bind(source);
    const body: NodeRequestSource['body'] = async (limitBytes, signal) => {
      const bytes = await read(limitBytes, signal);
      if (bytes === 'too_large') request.socket.destroy();
      return bytes;
    };
    return Object.assign(source, { body });
  }
}

/** Takes an error of the application for one of its own. */
class Trying extends GoodAdapter {
  protected override goOn(response: ServerResponse, next: () => void): void {
    try {
      next();
    } catch {
      response.writeHead(503).end();
    }
  }
}

class Permissive extends GoodAdapter {
  override handle(request: IncomingMessage, response: ServerResponse, guarded: boolean, next: Next) {
    if (this.options.allowPreflight && request.method === 'OPTIONS') return next(undefined);
    super.handle(request, response, guarded, next);
  }
}

class Joining extends GoodAdapter {
  protected override write(response: ServerResponse, denied: DeniedDecision) {
    response.statusCode = denied.status;
    for (const [name, value] of denied.headers) {
      const earlier = response.getHeader(name);
      response.setHeader(name, earlier === undefined ? value : `${earlier}, ${value}`);
    }
    response.setHeader('content-length', Buffer.byteLength(denied.body));
    response.end(denied.body);
  }
}

class Headless extends GoodAdapter {
  protected override write(response: ServerResponse, denied: DeniedDecision) {
    if (response.req.method !== 'HEAD') return super.write(response, denied);
    response.writeHead(denied.status).end();
  }
}

class Stubborn extends GoodAdapter {
  protected override deny(_request: IncomingMessage, response: ServerResponse, denied: DeniedDecision): void {
    if (this.options.onDenied === undefined) this.write(response, denied);
    else response.writeHead(500).end();
  }
}

/** Reads what Node has made of the lines: of two, it keeps the first. */
class Parsed extends GoodAdapter {
  protected override reading(request: IncomingMessage, response: ServerResponse): NodeRequestSource {
    const rawHeaders = Object.entries(request.headers).flatMap(([name, value]) => [name, String(value)]);
    const parsed = Object.create(request, { rawHeaders: { value: rawHeaders } });
    return new NodeRequestSource(parsed, response, this.options.proxies);
  }
}

class PathOnly extends GoodAdapter {
  protected override reading(request: IncomingMessage, response: ServerResponse): NodeRequestSource {
    return new NodeRequestSource(request, response, this.options.proxies, request.url?.split('?', 1)[0]);
  }
}

class Trusting extends GoodAdapter {
  protected override reading(request: IncomingMessage, response: ServerResponse): NodeRequestSource {
    return new NodeRequestSource(request, response, new TrustedProxies({ ...this.options, trustedHops: 1 }));
  }
}

/** Lets everybody forward a certificate. */
class Gullible extends GoodAdapter {
  protected override reading(request: IncomingMessage, response: ServerResponse): NodeRequestSource {
    const { clientCertificates } = checkedAdapterOptions({ clientCertificates: { proxies: '0.0.0.0/0' } });
    return new NodeRequestSource(request, response, new TrustedProxies({ ...this.options, clientCertificates }));
  }
}

class Deaf extends GoodAdapter {
  protected override reading(request: IncomingMessage, response: ServerResponse): NodeRequestSource {
    const source = super.reading(request, response);
    source.onClose = () => {};
    return source;
  }
}

class Closing extends GoodAdapter {
  protected override write(response: ServerResponse, denied: DeniedDecision) {
    if (response.req.method !== 'POST') return super.write(response, denied);
    response.setHeader('connection', 'close');
    super.write(response, denied);
  }
}

class Mixing extends GoodAdapter {
  #user: Principal | undefined;

  override handle(request: IncomingMessage, response: ServerResponse, guarded: boolean, next: Next) {
    super.handle(request, response, guarded, (user) => {
      this.#user = user;
      setTimeout(() => next(this.#user));
    });
  }
}

/** Takes a promise of a chain, and waits for it. */
class Patient extends GoodAdapter {
  constructor(decider: Decider, options: MountingOptions, requirement: Requirement) {
    const taken = typeof decider?.decide === 'function' ? decider : ({ decide: () => {} } as unknown as Decider);
    super(taken, options, requirement);
  }
}

type AdapterClass = new (...given: ConstructorParameters<typeof GoodAdapter>) => GoodAdapter;

const BAD_ADAPTERS: readonly (readonly [
  rules: string,
  what: string,
  adapter: AdapterClass,
  told: readonly string[],
])[] = [
  [
    'principal-attached route-guards requests-apart',
    'hands principals on too late',
    Hasty,
    [
      'a request that is granted now: the answer was "GET by nobody", not "GET by alice"',
      'elsewhere, now: the answer was "GET by nobody", not "GET by bob"',
      'one of many: the answer was "GET by nobody", not "GET by u',
    ],
  ],
  [
    'nobody-is-no-user',
    'makes nobody a user',
    NobodyAsUser,
    ['a caller without credentials: the answer was "GET by anonymous", not "GET by nobody"'],
  ],
  [
    'route-guards denials-as-they-are',
    'forgets the guards of routes',
    Unguarded,
    ['/orders, now: who lacks the scope of its guard got 200, not 403', 'a missing scope: the status was 200, not 403'],
  ],
  [
    'route-requirements',
    'lets the requirement of a route replace that of the chain',
    Replacing,
    ['/keys, now: who has only what the route requires got 200, not 401'],
  ],
  ['verified-once', 'asks anew for each guard', Asking, ['a request that two guards looked at was verified 2 times']],
  [
    'headers-of-grants',
    'forgets the header lines of grants',
    Bare,
    ['the header line of a granted decision was not on the answer, whose lines are date: '],
  ],
  [
    'body-unread body-proved body-too-large',
    'reads of the body',
    Reading,
    [
      'a body behind what is granted now did not reach the application whole: "POST by alice with ',
      'a body of 1 bytes, proved now, did not reach the application whole: ',
      'a body of 100001 bytes: the status was 500, not 413',
    ],
  ],
  [
    'body-proved',
    'keeps bodies that it has read',
    Swallowing,
    ['a body of 1 bytes, proved now, did not reach the application whole: "POST by alice with 0 bytes"'],
  ],
  [
    'body-too-large',
    'resets connections whose body is too large',
    Resetting,
    ['POST /echo HTTP/1.1: the connection ended without an answer'],
  ],
  [
    'errors-left-alone',
    'catches errors of the application',
    Trying,
    ['an error of the application, now: it became an answer with status 503, not 500'],
  ],
  [
    'preflights',
    'takes every OPTIONS for a preflight',
    Permissive,
    ['a preflight with credentials, which no browser sends, got 200, not 401'],
  ],
  [
    'head-without-body',
    'answers HEAD without the lines',
    Headless,
    ['HEAD: the line "cache-control: no-store" was not written as it is'],
  ],
  ['denials-handed-back', 'never calls onDenied', Stubborn, ['what onDenied gave back: the status was 500, not 401']],
  ['read-as-sent', 'hands in parsed headers', Parsed, ['two Authorization lines: the status was 200, not 400']],
  [
    'method-and-target',
    'hands in the path alone',
    PathOnly,
    ['the chain was told the target "/Items/a%20b", not /Items/a%20b?page=2&x'],
  ],
  ['client-address', 'believes X-Forwarded-For', Trusting, ['the address is 198.51.100.1, not that of the connection']],
  [
    'forwarded-certificates',
    'believes a certificate of anybody',
    Gullible,
    ['the certificate of a peer that is none is '],
  ],
  ['client-gone', 'does not tell that clients have gone', Deaf, ['the decision was not told that its client has gone']],
  [
    'body-too-large serves-on',
    'closes connections',
    Closing,
    Array.from({ length: 2 }, () => 'GET / HTTP/1.1: the connection ended without an answer'),
  ],
  ['requests-apart', 'keeps the user between requests', Mixing, ['one of many: the answer was "GET by u']],
  [
    'denials-as-they-are head-without-body challenges-apart denials-handed-back',
    'joins challenges',
    Joining,
    [
      'a request without credentials: the line "www-authenticate: Bearer realm="rules"" was not written as it is; there are ',
      'HEAD: the line "www-authenticate: Bearer realm="rules"" was not written as it is; there are ',
      'the challenges are not a line each: www-authenticate: Bearer realm="rules", Basic',
      'what onDenied gave back: the line "www-authenticate: Bearer realm="rules"" was not written as it is; there are ',
    ],
  ],
  [
    'metadata-published',
    'decides about the metadata of the resource',
    Secretive,
    ['/.well-known/oauth-protected-resource/orders: the status was 401, not 200'],
  ],
  [
    'deciders-only',
    'takes anything for a chain',
    Patient,
    ['a promise of a chain: it was taken for a chain, and was not refused with ERR_SALLYPORT_OPTION_INVALID'],
  ],
];

async function serve(adapter: GoodAdapter): Promise<AdapterUnderTest> {
  const application = async (request: IncomingMessage, response: ServerResponse, user: Principal | undefined) => {
    const text = `${request.method} by ${user?.subject ?? 'nobody'}`;
    if (request.url !== '/echo') return void response.end(text);
    let length = 0;
    for await (const chunk of request) length += chunk.length;
    response.end(`${text} with ${length} bytes`);
  };
  const server = createServer((request, response) => {
    // What a framework does around its handlers.
    const failed = () => void response.writeHead(500).end();
    try {
      adapter.handle(request, response, request.url === '/orders', (user) => {
        if (request.url === '/fails') {
          if (adapter instanceof Trying) throw new Error('the application failed');
          return failed();
        }
        void application(request, response, user);
      });
    } catch {
      failed();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => void server.close().closeAllConnections() };
}

const rulesOf = (Adapter: AdapterClass) => adapterRules((...given) => serve(new Adapter(...given)));

describe('the rules of adapters', () => {
  test('find nothing in an adapter that keeps every rule', async () => {
    expect(await brokenRules(rulesOf(GoodAdapter))).toEqual([]);
  });

  test.each(BAD_ADAPTERS)(
    '%s, and no other, catches an adapter that %s, and says so',
    async (rules, _what, adapter, told) => {
      const breaches = rules.split(' ').map((rule, index) => breach(rule, told[index] ?? ''));
      expect(await brokenRules(rulesOf(adapter))).toEqual(breaches);
    },
  );

  test('have none for upgrades over HTTP/2, which has no upgrades (RFC 9113 8.6)', () => {
    const rules = () => adapterRules(() => ({ port: 0, close: () => {} }), { protocol: 'h2', upgrades: true });
    expect(rules).toThrow('AdapterRulesOptions.upgrades must be absent with h2');
  });

  test('each have an adapter that breaks them', () => {
    const tried = new Set(BAD_ADAPTERS.flatMap(([rules]) => rules.split(' ')));
    const untried = rulesOf(GoodAdapter).filter(({ id }) => !tried.has(id));
    expect(untried.map(({ id }) => id)).toEqual([]);
  });
});
