import { randomUUID } from 'node:crypto';
import { onCacheEvent } from '@sallyport/core';
import { type AuditEntry, type AuditLogger, auditDecisions } from '@sallyport/core/audit';
import { onBasicEvent } from '@sallyport/handlers/basic';
import { onIntrospectionEvent } from '@sallyport/handlers/introspection';
import { onKeySetEvent } from '@sallyport/handlers/jwt';

/** The fields of a line, by name. Undefined fields are left out. */
export type LogFields = Readonly<Record<string, string | number | undefined>>;

type Level = keyof AuditLogger;

const MAX_VALUE_LENGTH = 120;
/** How many frames of an error are logged. The first ones say most. */
const FRAMES = 3;
/** Events that are no reason to worry. */
const GOOD_NEWS: readonly string[] = ['keys_loaded', 'user_file_reloaded'];

/**
 * The log of the operator: a line for every decision, for every event around decisions, and for every failure. The
 * lines are made for a terminal. A logger that writes JSON takes the same entries (docs/events.md).
 */
export class OperatorLog {
  readonly #write: (line: string) => void;
  readonly #stops: (() => void)[] = [];

  constructor(write: (line: string) => void = (line) => process.stderr.write(`${line}\n`)) {
    this.#write = write;
  }

  /** Listens to all chains and handlers of this process, until it is closed. */
  listen(): void {
    const tell = ({ kind, ...fields }: { readonly kind: string }) => {
      this.note(GOOD_NEWS.includes(kind) ? 'info' : 'warn', kind, fields);
    };
    this.#stops.push(
      auditDecisions(this.#auditLogger()),
      onCacheEvent(tell),
      onBasicEvent(tell),
      onIntrospectionEvent(tell),
      onKeySetEvent(tell),
    );
  }

  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  note(level: Level, message: string, fields: LogFields): void {
    const told = Object.entries(fields).flatMap(([name, value]) =>
      value === undefined ? [] : `${name}=${written(value)}`,
    );
    this.#write([new Date().toISOString(), level.toUpperCase().padEnd(5), message, ...told].join(' '));
  }

  /**
   * Logs a failure that is ours, and returns the identifier that the client may quote. The message of an error may hold
   * anything, so only its class, code and frames are logged.
   */
  failure(where: string, error: unknown): string {
    const correlationId = randomUUID();
    const { name, code, stack = '' }: NodeJS.ErrnoException = error instanceof Error ? error : new Error();
    const frames = stack.split('\n').filter((line) => /^ +at /.test(line));
    const at = frames.slice(0, FRAMES).map((line) => line.trim());
    this.note('error', `${where} failed`, { correlationId, name, code, at: at.join(', ') });
    return correlationId;
  }

  #auditLogger(): AuditLogger {
    const line = (level: Level) => (entry: AuditEntry, message: string) => this.note(level, message, fieldsOf(entry));
    return { trace: line('trace'), debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
  }
}

function fieldsOf({ steps, principal, fault, durationMs, ...entry }: AuditEntry): LogFields {
  return {
    chain: entry.chain,
    method: entry.method,
    route: entry.route,
    operation: entry.operation,
    guard: entry.guard,
    address: entry.remoteAddress,
    subject: principal?.subject,
    client: principal?.clientId,
    handlers: steps.map(({ handler, verdict, cache }) => `${handler}:${cache ?? verdict}`).join(',') || undefined,
    fault: fault && `${fault.culprit}:${fault.name}`,
    correlationId: entry.correlationId,
    ms: Math.round(durationMs * 1_000) / 1_000,
  };
}

/**
 * Quotes a value that is more than one word. A text that a caller chose cannot then look like another field or line.
 */
function written(value: string | number): string {
  const text = String(value);
  if (/^[\w.:/@,{}+-]+$/.test(text) && text.length <= MAX_VALUE_LENGTH) return text;
  return JSON.stringify(text.slice(0, MAX_VALUE_LENGTH)).replace(/[^ -~]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
