import type { EventEmitter } from 'node:events';
import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { OperatorLog } from '../operator-log.js';

const REFUSALS = ['grant.error', 'revocation.error', 'introspection.error', 'authorization.error'] as const;

/**
 * Writes the answers of oidc-provider into the operator's log: issued tokens, refusals and failures. A client that
 * leaves in the middle of a request is not logged, because anybody can do that as often as they like.
 */
export function tellOperator(provider: Provider, log: OperatorLog): void {
  const events: EventEmitter = provider;
  events.on('grant.success', (context: KoaContextWithOIDC) => log.note('info', 'token issued', whoAsks(context)));
  for (const event of REFUSALS) {
    events.on(event, (context: KoaContextWithOIDC, { error }: { error?: string }) => {
      // `CorrectedAnswers` answers about tokens that look like JWTs.
      if (!context.req.complete || error === 'unsupported_token_type') return;
      log.note('warn', `${context.oidc.route} refused: ${context.status} ${error}`, whoAsks(context));
    });
  }
  events.on('server_error', (context: KoaContextWithOIDC, error: unknown) => {
    const correlationId = log.failure(`${context.oidc.route} endpoint`, error);
    context.set('X-Correlation-Id', correlationId);
    const { body } = context;
    if (typeof body === 'object' && body !== null) {
      context.body = { ...body, error_description: `the request failed: ${correlationId}` };
    }
  });
  events.on('error', (error: Error, context: KoaContextWithOIDC) => {
    if (context.req.complete) log.failure('authorization server', error);
  });
}

function whoAsks({ oidc, req }: KoaContextWithOIDC) {
  const grant = oidc.params?.['grant_type'];
  return {
    client: oidc.client?.clientId,
    grant: typeof grant === 'string' ? grant : undefined,
    address: req.socket.remoteAddress,
  };
}
