import * as option from '../../options/options.js';
import { type DecisionEvent, onDecision } from '../decision-events.js';

/** The levels that an audit line can have. */
export type AuditLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** The methods of a logger that are used; pino and similar loggers have them. */
export type AuditLogger = {
  readonly [Level in AuditLevel]: (entry: AuditEntry, message: string) => void;
};

/** The content of an audit line: the event of the decision, and a mark by which audit lines can be found. */
export interface AuditEntry extends DecisionEvent {
  readonly audit: 'decision';
}

const level = option.oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent');

export const AUDIT = option.table('AuditOptions', {
  /** For granted requests. */
  granted: option.withDefault(level, 'info'),
  /** For mistakes of the caller: a status of 400 to 499. */
  refused: option.withDefault(level, 'warn'),
  /** For bugs and outages: a status of 500 or more. */
  failed: option.withDefault(level, 'error'),
});

/** The level by outcome; `silent` leaves the line out. */
export interface AuditOptions extends option.Given<typeof AUDIT> {}

const logger = option.having<AuditLogger>('trace', 'debug', 'info', 'warn', 'error');

/**
 * Writes one structured line per decision of this process. Lines hold no credential, path or query. A
 * logger that throws changes no decision.
 * @returns a function that ends the audit
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const stop = auditDecisions(pino(), { granted: 'debug' });
 */
export function auditDecisions(target: AuditLogger, options: AuditOptions = {}): () => void {
  const lines = logger(target, 'auditDecisions logger');
  const levels = AUDIT(options);
  return onDecision((event) => {
    const chosen = levels[gravityOf(event)];
    if (chosen !== 'silent') lines[chosen]({ audit: 'decision', ...event }, messageOf(event));
  });
}

function gravityOf({ status }: DecisionEvent): keyof AuditOptions {
  if (status === undefined) return 'granted';
  return status < 500 ? 'refused' : 'failed';
}

function messageOf({ outcome, status, reason }: DecisionEvent): string {
  return outcome === 'granted' ? 'access granted' : `access denied: ${status} ${reason}`;
}
