import { channel } from 'node:diagnostics_channel';
import type { PrincipalKind } from './principal.js';
import type { TraceFault, TraceStep } from './trace.js';

/** The `node:diagnostics_channel` on which every decision is published. Without subscribers it costs nothing. */
export const DECISION_CHANNEL = 'sallyport:decision';

/** One decision as data. Holds no credential, no query and no error message. */
export interface DecisionEvent {
  readonly chain: string;
  readonly method: string;
  /** The target without its query. */
  readonly path: string;
  /** The operation's id, where the chain knows operations. */
  readonly operation: string | undefined;
  readonly remoteAddress: string | undefined;
  readonly outcome: 'granted' | 'denied';
  /** The status of the denial; absent when granted. */
  readonly status: number | undefined;
  /** A stable reason code; absent when granted. */
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

export const decisionChannel: ReturnType<typeof channel> = channel(DECISION_CHANNEL);

/**
 * Calls `listener` after every decision of every chain of this process, synchronously and before the answer.
 * A listener cannot change a decision; what it throws is reported as an uncaught exception by Node.
 * @returns a function that ends the subscription
 */
export function onDecision(listener: (event: DecisionEvent) => void): () => void {
  const receive = (event: unknown) => listener(event as DecisionEvent);
  decisionChannel.subscribe(receive);
  return () => decisionChannel.unsubscribe(receive);
}
