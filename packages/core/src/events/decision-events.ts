import type { PrincipalKind } from '../principal/principal.js';
import type { TraceFault, TraceStep } from '../request/trace.js';
import { EventChannel } from './event-channel.js';

/** The `node:diagnostics_channel` on which every decision is published. Without subscribers it costs nothing. */
export const DECISION_CHANNEL = 'sallyport:decision';

/** One decision as data. Holds no credential, no error message, and neither path nor query: both may carry a secret. */
export interface DecisionEvent {
  readonly chain: string;
  readonly method: string;
  /** The template of the route or operation, where the framework or the chain chose one. */
  readonly route: string | undefined;
  /** The operation's id, where the chain knows operations. */
  readonly operation: string | undefined;
  /** The guard that a route added to an earlier decision; absent when this is the decision about the request. */
  readonly guard: string | undefined;
  readonly remoteAddress: string | undefined;
  readonly outcome: 'granted' | 'denied';
  /** The status of the denial; absent when granted. */
  readonly status: number | undefined;
  /** A stable reason code; when granted, that of the credential which an `attempt` let pass. */
  readonly reason: string | undefined;
  readonly principal: PrincipalSummary | undefined;
  readonly steps: readonly TraceStep[];
  readonly fault: TraceFault | undefined;
  /** Names a 500 in the client's hands and in the logs. */
  readonly correlationId: string | undefined;
  readonly durationMs: number;
}

/** Enough to say who it was, without claims. */
export interface PrincipalSummary {
  readonly kind: PrincipalKind;
  readonly issuer: string | undefined;
  readonly subject: string;
  readonly clientId: string | undefined;
}

/** Called with every decision, synchronously and before the answer. */
export type DecisionListener = (event: DecisionEvent) => void;

export const decisionEvents: EventChannel<DecisionEvent> = new EventChannel(DECISION_CHANNEL);

/**
 * Calls `listener` after every decision of every chain of this process, synchronously and before the answer.
 * A listener cannot change a decision: what it throws becomes a process warning, once per subscription.
 * @returns a function that ends the subscription
 */
export function onDecision(listener: DecisionListener): () => void {
  return decisionEvents.listen(listener);
}
