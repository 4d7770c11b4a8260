import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import {
  anyOf,
  type DecisionEvent,
  guard,
  MemoryCacheStore,
  onCacheEvent,
  onDecision,
  Revocations,
  SecurityChain,
  type SecurityHandler,
} from '@sallyport/core';
import { auditDecisions } from '@sallyport/core/audit';
import { VerdictCache } from '@sallyport/core/extend';
import { recordMetrics, recordSpans } from '@sallyport/core/opentelemetry';
import {
  BasicHandler,
  hashPassword,
  InMemoryUserStore,
  IntrospectionHandler,
  JwtHandler,
  onBasicEvent,
  onKeySetEvent,
} from '@sallyport/handlers';
import { pino } from 'pino';
import type { AuthorizationServer } from './authorization-server.js';
import { careless, KeyHandler } from './careless-handlers.js';

const ISSUER = 'https://issuer.example';
const KEYS = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** A signed access token with a signature that is different each time. */
export function aToken(claims: object = {}): string {
  const now = Math.floor(Date.now() / 1_000);
  const body = { iss: ISSUER, aud: 'api', sub: 'alice', client_id: 'shop', jti: 'a', iat: now, exp: now + 600 };
  const text = [
    { alg: 'ES256', typ: 'at+jwt' },
    { ...body, ...claims },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = sign('sha256', Buffer.from(text), { key: KEYS.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

/** The secrets that the house itself holds. */
export const HELD = {
  clientSecret: 'held-client-secret-4711',
  password: 'held-password-4711',
  sharedSecret: 'held-shared-secret-4711-held-shared-secret',
  deploymentSecret: 'held-deployment-secret-4711-held-deployment',
  apiKey: 'held-api-key-4711',
  decryptionKey: randomBytes(32),
};

/** Every kind of handler in one chain, with every observer there is; all that they put out is kept as text. */
export class House {
  readonly chain: SecurityChain;
  readonly handlers: readonly SecurityHandler[];
  readonly revocations = new Revocations();
  readonly store = new MemoryCacheStore();
  readonly cache: VerdictCache;
  readonly events: DecisionEvent[] = [];
  readonly #output: unknown[] = [];
  readonly #stops: (() => void)[];
  readonly #spans = new InMemorySpanExporter();
  readonly #metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  readonly #meters: MeterProvider;

  private constructor(server: AuthorizationServer, passwordHash: string) {
    this.handlers = [
      new JwtHandler(
        {
          realm: 'api',
          issuers: [
            { issuer: ISSUER, audience: 'api', algorithms: 'ES256', keys: { publicKey: KEYS.publicKey } },
            { issuer: `${ISSUER}/2`, audience: 'api', algorithms: 'HS256', keys: { secret: HELD.sharedSecret } },
          ],
          decryptionKeys: [{ key: HELD.decryptionKey, algorithms: 'dir', contentEncryption: 'A256GCM' }],
        },
        { revocations: this.revocations },
      ),
      new IntrospectionHandler({
        realm: 'api',
        endpoint: server.endpoint,
        clientAuthentication: { method: 'client_secret_basic', clientId: 'gateway', clientSecret: HELD.clientSecret },
        outbound: { allowInsecureLoopback: true },
        fallback: true,
      }),
      new BasicHandler({
        realm: 'api',
        users: new InMemoryUserStore([{ name: 'alice', hash: passwordHash }]),
        hashing: { algorithm: 'argon2id', memoryKiB: 8_192, passes: 1 },
      }),
      new KeyHandler(HELD.apiKey),
      ...careless,
    ];
    this.cache = new VerdictCache(
      { namespace: 'canary', secret: HELD.deploymentSecret },
      { store: this.store, revocations: this.revocations },
    );
    this.chain = new SecurityChain({
      requirement: anyOf(...this.handlers),
      guards: [guard('careless', careGuard)],
    });
    const reader = new PeriodicExportingMetricReader({ exporter: this.#metrics, exportIntervalMillis: 3_600_000 });
    this.#meters = new MeterProvider({ readers: [reader] });
    const spanProcessors = [new SimpleSpanProcessor(this.#spans)];
    const lines = pino({ level: 'trace' }, { write: (line: string) => this.#output.push(line) });
    const keep = (event: unknown) => this.#output.push(event);
    process.on('warning', keep);
    this.#stops = [
      auditDecisions(lines),
      recordSpans({ tracerProvider: new BasicTracerProvider({ spanProcessors }) }),
      recordMetrics({ meterProvider: this.#meters }),
      onDecision((event) => this.events.push(event)),
      onCacheEvent(keep),
      onBasicEvent(keep),
      onKeySetEvent(keep),
      () => process.off('warning', keep),
    ];
  }

  static async build(server: AuthorizationServer): Promise<House> {
    const hash = await hashPassword(HELD.password, { algorithm: 'argon2id', memoryKiB: 8_192, passes: 1 });
    return new House(server, hash);
  }

  /** Everything that was put out so far by logs, events, spans, metrics and warnings. */
  async output(): Promise<readonly unknown[]> {
    await this.#meters.forceFlush();
    const spans = this.#spans.getFinishedSpans().map(({ name, attributes, events, status }) => {
      return { name, attributes, events, status };
    });
    return [...this.#output, ...this.events, spans, this.#metrics.getMetrics()];
  }

  async close(): Promise<void> {
    for (const stop of this.#stops) stop();
    await this.#meters.shutdown();
    await this.chain.close();
  }
}

/** Breaks while it talks about what it was given. */
function careGuard(_principal: unknown, request: { header(name: string): string | undefined }): boolean {
  const header = request.header('x-guard');
  if (header?.startsWith('thrown')) throw new TypeError(`cannot use ${header}`);
  return header === undefined;
}
