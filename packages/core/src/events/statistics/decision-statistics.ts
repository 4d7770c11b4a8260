import type { Clock } from '../../clock/clock.js';
import { oneLine } from '../../secrecy/quoted.js';
import type { DecisionEvent, PrincipalSummary } from '../decision-events.js';
import { BoundedValues, OTHER_VALUE } from './bounded-values.js';
import type { ChainStatistics, ClientFigures, DividedFigures, NamedFigures } from './chain-statistics.js';
import { DecisionCounts, type DecisionFigures } from './decision-counts.js';
import { BOUNDARIES_MS } from './durations.js';
import { knownMethod } from './known-method.js';
import { Places } from './places.js';
import type { StatisticsSettings } from './statistics-options.js';

/** Longer names of clients and issuers have no row: they would take too much memory. */
const MAX_NAME = 512;
const MAX_SHOWN = 120;

interface Division {
  readonly places: Places;
  readonly none: DecisionCounts;
}

/** Counts the decisions of one chain from their events alone, in bounded memory. */
export class DecisionStatistics {
  readonly #chain: string;
  readonly #clock: Clock;
  readonly #sinceMs: number;
  readonly #total = new DecisionCounts();
  readonly #operations: Division;
  readonly #clients: Division;
  readonly #reasons: Division = divisionOf(Number.POSITIVE_INFINITY);
  readonly #known = new BoundedValues();
  readonly #limits = new BoundedValues();

  constructor(chain: string, { maxClients, maxOperations }: StatisticsSettings, clock: Clock) {
    this.#chain = chain;
    this.#clock = clock;
    this.#sinceMs = clock.now();
    this.#operations = divisionOf(maxOperations);
    this.#clients = divisionOf(maxClients);
  }

  /** Counts a decision. The guard of a route asks after a decision that is counted already, so it counts only if it refuses. */
  readonly count = (event: DecisionEvent): void => {
    if (event.guard !== undefined && event.outcome === 'granted') return;
    const reason = this.#known.bounded(event.reason);
    const nowMs = this.#clock.monotonic();
    const limits = event.limits.map((use) => ({ ...use, limit: this.#limits.bounded(use.limit) as string }));
    this.#total.add(event, reason, limits);
    for (const [division, name] of [
      [this.#operations, operationOf(event)],
      [this.#clients, clientOf(event.principal)],
      [this.#reasons, reason],
    ] as const) {
      countsOf(division, name, nowMs).add(event, reason, limits);
    }
  };

  /** What was counted up to now, frozen. */
  get snapshot(): ChainStatistics {
    return Object.freeze({
      chain: this.#chain,
      sinceMs: this.#sinceMs,
      untilMs: this.#clock.now(),
      boundariesMs: BOUNDARIES_MS,
      total: this.#total.figures,
      operations: figuresOf(this.#operations, (name) => ({ name })),
      clients: figuresOf(this.#clients, clientNamed),
      reasons: figuresOf(this.#reasons, (name) => ({ name })),
    });
  }
}

function divisionOf(most: number): Division {
  return { places: new Places(most), none: new DecisionCounts() };
}

function countsOf({ places, none }: Division, name: string | undefined, nowMs: number): DecisionCounts {
  if (name === undefined) return none;
  return name === OTHER_VALUE || name.length > MAX_NAME ? places.others : places.of(name, nowMs);
}

function figuresOf<Name extends { readonly name: string }>(
  { places, none }: Division,
  nameOf: (key: string) => Name,
): DividedFigures<Name & NamedFigures> {
  const rows = places.entries.map(([key, counts]) => Object.freeze({ ...nameOf(key), ...counts.figures }));
  return Object.freeze({ rows: Object.freeze(rows), none: none.figures, other: places.others.figures });
}

function operationOf({ operation, method, route }: DecisionEvent): string | undefined {
  return operation ?? (route && `${knownMethod(method)} ${route}`);
}

/** A client is known by its name at its issuer. A principal that is a client has its name as the subject. */
function clientOf(principal: PrincipalSummary | undefined): string | undefined {
  if (principal === undefined) return undefined;
  const { kind, issuer = '', subject, clientId = kind === 'client' ? subject : undefined } = principal;
  return clientId && `${clientId.length}:${clientId}${issuer}`;
}

/** The client of a key that `clientOf` has made. */
function clientNamed(key: string): Omit<ClientFigures, keyof DecisionFigures> {
  const start = key.indexOf(':') + 1;
  const end = start + Number.parseInt(key, 10);
  return { name: shown(key.slice(start, end)), issuer: end < key.length ? shown(key.slice(end)) : undefined };
}

function shown(name: string): string {
  return oneLine(name, MAX_SHOWN);
}
