import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expressSecurity } from '@sallyport/adapters/express';
import { MemoryCounterStore, Revocations } from '@sallyport/core';
import { analyticsSecurity } from './analytics.js';
import type { ApiKeyOwner } from './api-key-handler.js';
import { application } from './application.js';
import { AuthorizationServer } from './authorization-server/authorization-server.js';
import type { CommandLine } from './command-line.js';
import { BASE_PATH } from './definition.js';
import { developmentCertificate } from './development-certificate.js';
import { Entrance } from './entrance.js';
import { Metrics } from './metrics.js';
import { OperatorLog } from './operator-log.js';
import { PasswordCheck } from './password-check.js';
import { SecuredApi } from './secured-api.js';
import { metricsSecurity, peopleByPassword, registrationSecurity } from './security.js';
import { throttling } from './throttling.js';
import { tokenEndpoint } from './token-endpoint.js';
import { SUPER_TENANT } from './users.js';
import { refuseAsWso2 } from './wso2-error.js';

export type GatewayOptions = CommandLine;

/** A gateway that listens. */
export interface Gateway {
  readonly port: number;
  readonly tokenPort: number;
  readonly certificate: string;
  readonly apiKey: ApiKeyOwner;
  /** Stops introspection, or starts it again, for the walkthrough. Returns true when it is stopped. */
  toggleOutage(): boolean;
  close(): Promise<void>;
}

/** The ports at which the gateway listens, and its certificate. */
interface Place {
  readonly port: number;
  readonly tokenPort: number;
  readonly tls: { readonly key: string; readonly cert: string };
}

/** The entrances of the two ports. */
interface Inside {
  readonly apiEntrance: Entrance;
  readonly tokenEntrance: Entrance;
}

/**
 * Starts both listeners. On failure it rejects with the error of the system, such as EADDRINUSE, and leaves nothing
 * open.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const tls = await developmentCertificate();
  const inside = { apiEntrance: new Entrance(), tokenEntrance: new Entrance() };
  const apiServer = createServer(tls, inside.apiEntrance.listener);
  const tokenServer = createServer(tls, inside.tokenEntrance.listener);
  const close = () => closeAll([apiServer, tokenServer]);
  try {
    const port = await listen(apiServer, options.host, options.port);
    const tokenPort = await listen(tokenServer, options.host, options.tokenPort);
    const gateway = await furnish(options, { port, tokenPort, tls }, inside);
    const closeGateway = async () => {
      await close();
      await gateway.close();
    };
    return { ...gateway, close: closeGateway };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Makes everything behind the listeners, and lets requests in. */
async function furnish(options: GatewayOptions, { port, tokenPort, tls }: Place, inside: Inside): Promise<Gateway> {
  const origin = `https://localhost:${port}`;
  const audience = origin + BASE_PATH;
  const log = new OperatorLog();
  const metrics = new Metrics();
  const revocations = new Revocations();
  // One place for all that is counted: failed logins, and what callers ask for.
  const counterStore = new MemoryCounterStore();
  const people = await peopleByPassword(counterStore);
  const logins = new PasswordCheck('login', people);
  const { accessTokenTtlSeconds, introspection } = options;
  const authorizationServer = await AuthorizationServer.create(
    { origin, audience, accessTokenTtlSeconds },
    { revocations, logins, counterStore, log },
  );
  const apiKey = { name: 'pipeline', key: randomBytes(24).toString('base64url'), tenant: SUPER_TENANT };
  const security = {
    introspection: {
      endpoint: introspection?.endpoint ?? authorizationServer.introspectionEndpoint,
      certificate: introspection ? readFileSync(introspection.certificateFile, 'utf8') : tls.cert,
      ...authorizationServer.resourceServer,
    },
    issuer: { issuer: authorizationServer.issuer, audience, certificate: tls.cert },
    apiKeys: [apiKey],
    throttling: throttling(options.tiers, 'gateway-api', counterStore),
    revocations,
  };
  const origins = { origin, tokenOrigin: `https://localhost:${tokenPort}` };
  const api = await SecuredApi.create(options, security, { origins, log });
  const chains = {
    registration: registrationSecurity(people),
    metrics: metricsSecurity(people),
    analytics: await analyticsSecurity(api.tokens, people),
  };
  const app = application({
    definition: () => api.definition(),
    authorizationServer,
    metrics,
    statistics: () => api.statistics,
    log,
    doors: {
      api: expressSecurity(api.decider, options.isWso2Compatible ? { onDenied: refuseAsWso2 } : {})(),
      registration: expressSecurity(chains.registration)(),
      metrics: expressSecurity(chains.metrics)(),
      analytics: expressSecurity(chains.analytics)(),
    },
  });
  log.listen();
  inside.apiEntrance.open((request, response) => {
    if (!authorizationServer.handle(request, response)) app(request, response);
  });
  inside.tokenEntrance.open(tokenEndpoint(authorizationServer));
  await api.start();
  const parts = [api, ...Object.values(chains), logins, authorizationServer, metrics];
  return {
    port,
    tokenPort,
    certificate: tls.cert,
    apiKey,
    toggleOutage() {
      authorizationServer.isOut = !authorizationServer.isOut;
      log.note('warn', authorizationServer.isOut ? 'introspection is out' : 'introspection is back', {});
      return authorizationServer.isOut;
    },
    async close() {
      await Promise.all(parts.map((part) => part.close()));
      log.close();
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function closeAll(servers: readonly Server[]): Promise<void> {
  for (const server of servers) {
    if (!server.listening) continue;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }
}
