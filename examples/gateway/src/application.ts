import { principalOf } from '@sallyport/adapters/express';
import type { ChainStatistics } from '@sallyport/core';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import { ANALYTICS_PAGE_PATH, ANALYTICS_PATH, sendAnalytics, sendAnalyticsPage } from './analytics.js';
import { ArtifactStore } from './artifact-store.js';
import type { AuthorizationServer } from './authorization-server/authorization-server.js';
import { ClientRegistration } from './client-registration.js';
import { BASE_PATH, type Definition } from './definition.js';
import { gatewayApi } from './gateway-api.js';
import { METRICS_TYPE, type Metrics } from './metrics.js';
import type { OperatorLog } from './operator-log.js';
import { PIZZA_SHACK, PIZZA_SHACK_KEYS } from './pizza-shack.js';
import { sendWso2Error } from './wso2-error.js';

export const REGISTRATION_PATH = '/client-registration/v0.17/register';
export const METRICS_PATH = '/metrics';
const RESOURCE_METADATA_PATH = '/.well-known/oauth-protected-resource';

/** The security middleware in front of each part of the application. */
export interface Doors {
  readonly api: RequestHandler;
  readonly registration: RequestHandler;
  readonly metrics: RequestHandler;
  readonly analytics: RequestHandler;
}

export interface ApplicationParts {
  readonly definition: () => Promise<Definition>;
  readonly authorizationServer: Pick<AuthorizationServer, 'addClient'>;
  readonly metrics: Pick<Metrics, 'text'>;
  /** What the API has decided. */
  readonly statistics: () => ChainStatistics;
  readonly log: OperatorLog;
  readonly doors: Doors;
}

/** The whole application, with a door in front of each of its parts. It has no other security. */
export function application(parts: ApplicationParts): Express {
  const { definition, authorizationServer, metrics, statistics, log, doors } = parts;
  const store = new ArtifactStore();
  for (const key of PIZZA_SHACK_KEYS) store.add(key, PIZZA_SHACK);
  const registration = new ClientRegistration(authorizationServer);
  const app = express().disable('x-powered-by').set('case sensitive routing', true).set('strict routing', true);
  app.use(BASE_PATH, doors.api, gatewayApi(store, definition));
  // The door itself answers this; it stands in front of no application here.
  app.use(RESOURCE_METADATA_PATH, doors.api);
  app.post(REGISTRATION_PATH, doors.registration, express.json({ limit: '64kb' }), (request, response) =>
    registration.register(principalOf(request).subject, request, response),
  );
  app.get(METRICS_PATH, doors.metrics, async (_request, response) => {
    response.set('Content-Type', METRICS_TYPE).send(await metrics.text());
  });
  app.get(ANALYTICS_PAGE_PATH, doors.analytics, sendAnalyticsPage(statistics));
  app.get(ANALYTICS_PATH, doors.analytics, sendAnalytics(statistics));
  app.use((_request, response) => sendWso2Error(response, 404, 'Not Found', 'There is nothing at this address.'));
  app.use(answerError(log));
  return app;
}

/**
 * An error of a body parser has a 4xx status and is a mistake of the client. Every other error is ours: its answer has
 * an identifier that the operator can look up.
 */
function answerError(log: OperatorLog): ErrorRequestHandler {
  return (error, _request, response, _next) => {
    const status = Number(error?.status);
    if (status >= 400 && status < 500) {
      return sendWso2Error(response, status, 'Bad Request', 'The body could not be read.');
    }
    const correlationId = log.failure('application', error);
    sendWso2Error(response, 500, 'Internal Server Error', 'The request could not be processed.', correlationId);
  };
}
