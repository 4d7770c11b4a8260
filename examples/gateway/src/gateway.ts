import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expressSecurity } from '@sallyport/adapters/express';
import { MemoryCounterStore, Revocations } from '@sallyport/core';
import { analyticsSecurity } from './analytics.js';
import { application } from './application.js';
import { AuthorizationServer } from './authorization-server/authorization-server.js';
import type { CommandLine } from './command-line.js';
import { BASE_PATH } from './definition.js';
import {
  DevelopmentAuthority,
  type DevelopmentCertificate,
  developmentCertificate,
} from './development-certificate.js';
import { Entrance } from './entrance.js';
import { MACHINE_CLAIMS, machines } from './machines.js';
import { Metrics } from './metrics.js';
import { OperatorLog } from './operator-log.js';
import { PasswordCheck } from './password-check.js';
import { SecuredApi } from './secured-api.js';
import { metricsSecurity, peopleByPassword, REALM, registrationSecurity } from './security.js';
import { throttling } from './throttling.js';
import { tokenEndpoint } from './token-endpoint.js';
import { refuseAsWso2 } from './wso2-error.js';

export interface GatewayOptions extends CommandLine {
  /** For the files of this run: the keys of machines. */
  readonly folder: string;
}

/** A gateway that listens. */
export interface Gateway {
  readonly port: number;
  readonly tokenPort: number;
  readonly certificate: string;
  /** A key of a machine, and the certificate of another one. */
  readonly apiKey: string;
  readonly machine: DevelopmentCertificate;
  /** Stops introspection, or starts it again, for the walkthrough. Returns true when it is stopped. */
  toggleOutage(): boolean;
  close(): Promise<void>;
}

/** The ports at which the gateway listens, and its certificate. */
interface Place {
  readonly port: number;
  readonly tokenPort: number;
  readonly tls: DevelopmentCertificate;
  readonly authority: DevelopmentAuthority;
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
  const [tls, authority] = await Promise.all([developmentCertificate(), DevelopmentAuthority.found()]);
  const inside = { apiEntrance: new Entrance(), tokenEntrance: new Entrance() };
  // Clients may show a certificate. Whoever shows none, or a bad one, is answered as well.
  const asking = { ...tls, ca: authority.certificate, requestCert: true, rejectUnauthorized: false };
  const apiServer = createServer(asking, inside.apiEntrance.listener);
  const tokenServer = createServer(asking, inside.tokenEntrance.listener);
  const close = () => closeAll([apiServer, tokenServer]);
  try {
    const port = await listen(apiServer, options.host, options.port);
    const tokenPort = await listen(tokenServer, options.host, options.tokenPort);
    const gateway = await furnish(options, { port, tokenPort, tls, authority }, inside);
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
async function furnish(options: GatewayOptions, place: Place, inside: Inside): Promise<Gateway> {
  const { port, tokenPort, tls, authority } = place;
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
  const { folder } = options;
  const callers = machines({ realm: REALM, folder, authority: authority.certificate, revocations });
  const { key } = await callers.keys.keys.create({ subject: 'pipeline', claims: MACHINE_CLAIMS });
  const security = {
    introspection: {
      endpoint: introspection?.endpoint ?? authorizationServer.introspectionEndpoint,
      certificate: introspection ? readFileSync(introspection.certificateFile, 'utf8') : tls.cert,
      ...authorizationServer.resourceServer,
    },
    issuer: { issuer: authorizationServer.issuer, audience, certificate: tls.cert },
    machines: callers,
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
    apiKey: key.reveal(),
    machine: await authority.issue('deployer'),
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
