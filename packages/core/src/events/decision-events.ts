import type { Actor } from '../principal/actor.js';
import type { PrincipalKind } from '../principal/principal.js';
import type { LimitUse } from '../request/limit-uses.js';
import type { MissingPermissions, TraceFault, TraceStep, UnclaimedCredential } from '../request/trace.js';
import { EventChannel } from './event-channel.js';

/** The `node:diagnostics_channel` on which every decision is published. Without subscribers it costs nothing. */
export const DECISION_CHANNEL = 'sallyport:decision';

/**
 * One decision as data. It holds no credential, also not in the message of an error. It holds neither path nor query, because both may
 * carry a secret.
 */
export interface DecisionEvent {
  readonly chain: string;
  readonly method: string;
  /** The path template of the route or operation; undefined when neither the framework nor the chain chose one. */
  readonly route: string | undefined;
  /** The id of the operation that the chain chose; undefined when it chose none. */
  readonly operation: string | undefined;
  /**
   * The name of the guard that a route added to an earlier decision; undefined for the decision about the request
   * itself.
   */
  readonly guard: string | undefined;
  readonly remoteAddress: string | undefined;
  /**
   * `parsed` where the request came from a host that had parsed its headers, such as a Lambda function, a Fetch `Request` or
   * a mock. Doubled lines may then be joined or gone. Undefined for lines as received.
   */
  readonly headersFrom: 'parsed' | undefined;
  /** The id of the request, if the chain has the option `requestId`. A client may have chosen it. */
  readonly requestId: string | undefined;
  readonly outcome: 'granted' | 'denied';
  /** The status of the denial; undefined when granted. */
  readonly status: number | undefined;
  /** A stable reason code. When granted: the reason of the refusal that an `attempt` ignored, if there was one. */
  readonly reason: string | undefined;
  /** The name of the handler or guard that refused; undefined when granted, or when the chain itself refused. */
  readonly refusedBy: string | undefined;
  /** What was expected and what came, in the words of the one that refused. May quote an unverified credential. */
  readonly detail: string | undefined;
  /** Who was let in, or was proved and refused nevertheless. */
  readonly principal: PrincipalSummary | undefined;
  /** The scopes for which a proved caller was refused; undefined for other refusals. */
  readonly missing: MissingPermissions | undefined;
  readonly steps: readonly TraceStep[];
  /** The handlers that left a credential to others, where they say why. */
  readonly unclaimed: readonly UnclaimedCredential[];
  /** The limits that were counted in this decision, and how they stand. Empty where there are none. */
  readonly limits: readonly LimitUse[];
  readonly fault: TraceFault | undefined;
  /** Only for a 500: the id that the client received and that the logs carry. */
  readonly correlationId: string | undefined;
  /** To the microsecond. */
  readonly durationMs: number;
}

/** Identifies a principal, without its claims. */
export interface PrincipalSummary {
  readonly kind: PrincipalKind;
  readonly issuer: string | undefined;
  readonly subject: string;
  readonly clientId: string | undefined;
  /** Who acts for the subject, with those that acted before (RFC 8693 4.1); undefined where the subject acts itself. */
  readonly actor: Actor | undefined;
}

/** Called with every decision, synchronously and before the answer. */
export type DecisionListener = (event: DecisionEvent) => void;

export const decisionEvents: EventChannel<DecisionEvent> = new EventChannel(DECISION_CHANNEL);

/**
 * For records that do not tell anybody why: metrics have no details, and spans may be sampled away. A problem that is only
 * recorded is told on stderr as well.
 */
export const recordedDecisions: EventChannel<DecisionEvent> = new EventChannel('sallyport:decision:recorded');

/**
 * Calls `listener` after every decision of every chain of this process, synchronously and before the answer. A listener
 * cannot change a decision: if it throws or rejects, a process warning is emitted, once per subscription.
 * @returns a function that ends the subscription
 * @example
 * const stop = onDecision(({ outcome, status, reason, operation }) => {
 *   if (outcome === 'denied') log.warn(status, reason, operation);
 * });
 */
export function onDecision(listener: DecisionListener): () => void {
  return decisionEvents.listen(listener);
}
