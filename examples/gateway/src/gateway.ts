import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expressSecurity, principalOf } from '@sallyport/adapters/express';
import { Revocations } from '@sallyport/core';
import express, { type ErrorRequestHandler, type Express } from 'express';
import type { ApiKeyOwner } from './api-key-handler.js';
import { ArtifactStore } from './artifact-store.js';
import { AuthorizationServer } from './authorization-server/authorization-server.js';
import { ClientRegistration } from './client-registration.js';
import type { CommandLine } from './command-line.js';
import { BASE_PATH, type Definition, readDefinition } from './definition.js';
import { developmentCertificate } from './development-certificate.js';
import { gatewayApi } from './gateway-api.js';
import { PIZZA_SHACK, PIZZA_SHACK_KEYS } from './pizza-shack.js';
import { apiSecurity, registrationSecurity } from './security.js';
import { tokenEndpoint } from './token-endpoint.js';
import { SUPER_TENANT } from './users.js';
import { refuseAsWso2, sendWso2Error } from './wso2-error.js';

export const REGISTRATION_PATH = '/client-registration/v0.17/register';

export type GatewayOptions = CommandLine;

/** A gateway that listens. */
export interface Gateway {
  readonly port: number;
  readonly tokenPort: number;
  readonly certificate: string;
  readonly apiKey: ApiKeyOwner;
  close(): Promise<void>;
}

/** Starts both listeners. Rejects with the system's error, such as EADDRINUSE, and leaves nothing open then. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const tls = await developmentCertificate();
  const apiServer = createServer(tls);
  const tokenServer = createServer(tls);
  const close = () => closeAll([apiServer, tokenServer]);
  try {
    const port = await listen(apiServer, options.host, options.port);
    const tokenPort = await listen(tokenServer, options.host, options.tokenPort);
    const origin = `https://localhost:${port}`;
    const revocations = new Revocations();
    const audience = origin + BASE_PATH;
    const authorizationServer = await AuthorizationServer.create({
      origin,
      audience,
      accessTokenTtlSeconds: options.accessTokenTtlSeconds,
      revocations,
    });
    const apiKey = { name: 'pipeline', key: randomBytes(24).toString('base64url'), tenant: SUPER_TENANT };
    const definition = readDefinition({ origin, tokenOrigin: `https://localhost:${tokenPort}` });
    const { introspection } = options;
    const apiChain = await apiSecurity({
      definition,
      introspection: {
        endpoint: introspection?.endpoint ?? authorizationServer.introspectionEndpoint,
        certificate: introspection ? readFileSync(introspection.certificateFile, 'utf8') : tls.cert,
        ...authorizationServer.resourceServer,
      },
      issuer: { issuer: authorizationServer.issuer, audience, certificate: tls.cert },
      apiKeys: [apiKey],
      revocations,
    });
    const registrationChain = await registrationSecurity();
    const app = application(definition, authorizationServer, {
      api: expressSecurity(apiChain, options.isWso2Compatible ? { onDenied: refuseAsWso2 } : {})(),
      registration: expressSecurity(registrationChain)(),
    });
    apiServer.on('request', (request, response) => {
      if (!authorizationServer.handle(request, response)) app(request, response);
    });
    tokenServer.on('request', tokenEndpoint(authorizationServer));
    const closeChains = async () => {
      await close();
      await Promise.all([apiChain.close(), registrationChain.close(), authorizationServer.close()]);
    };
    return { port, tokenPort, certificate: tls.cert, apiKey, close: closeChains };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Doors {
  readonly api: express.RequestHandler;
  readonly registration: express.RequestHandler;
}

/** The server as it would be without security, plus one door before each of its two parts. */
function application(definition: Definition, authorizationServer: AuthorizationServer, doors: Doors): Express {
  const store = new ArtifactStore();
  for (const key of PIZZA_SHACK_KEYS) store.add(key, PIZZA_SHACK);
  const registration = new ClientRegistration(authorizationServer);
  const app = express().disable('x-powered-by').set('case sensitive routing', true).set('strict routing', true);
  app.use(BASE_PATH, doors.api, gatewayApi(store, definition));
  app.post(REGISTRATION_PATH, doors.registration, express.json({ limit: '64kb' }), (request, response) =>
    registration.register(principalOf(request).subject, request, response),
  );
  app.use((_request, response) => sendWso2Error(response, 404, 'Not Found', 'There is nothing at this address.'));
  app.use(answerError);
  return app;
}

/** Body parsers report the client's mistakes with a status; everything else is ours. */
const answerError: ErrorRequestHandler = (error, _request, response, _next) => {
  const status = Number(error?.status);
  if (status >= 400 && status < 500) sendWso2Error(response, status, 'Bad Request', 'The body could not be read.');
  else sendWso2Error(response, 500, 'Internal Server Error', 'The request could not be processed.');
};

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
