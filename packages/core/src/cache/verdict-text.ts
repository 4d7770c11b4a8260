import * as option from '../options/options.js';
import type { Actor } from '../principal/actor.js';
import type { IssuedNames } from '../principal/issued-names.js';
import { createPrincipal, issuedNamesOf, withIssuedNames } from '../principal/principal.js';
import { type Authenticated, authenticated, type HeaderLine } from '../verdict/verdict.js';

/** A verdict and its end, as they are stored outside of the process. */
export interface DatedVerdict {
  readonly verdict: Authenticated;
  /** The name of its basis. */
  readonly basis: string | undefined;
  /** Milliseconds since the epoch. */
  readonly endsAtMs: number;
}

/** The form of the text. Another one is of another version of this library. */
const SCHEMA = 3;

/** Writes a verdict as JSON; undefined if reading it back would give something else. */
export function verdictToText({ verdict, basis, endsAtMs }: DatedVerdict): string | undefined {
  const { principal, headers } = verdict;
  if (principal.kind === 'anonymous' || !survivesJson(principal.claims)) return undefined;
  return JSON.stringify({ schema: SCHEMA, endsAtMs, basis, headers, principal, issued: issuedNamesOf(principal) });
}

/**
 * Reads what `verdictToText` wrote, and makes principal and verdict anew: frozen and branded like any other.
 * @throws when anything is missing, surplus or of another type
 */
export function verdictFromText(json: string): DatedVerdict {
  const { endsAtMs, basis, headers, principal: init, issued } = VERDICT(JSON.parse(json));
  const made = createPrincipal(init);
  const principal = issued === undefined ? made : withIssuedNames(made, issued as IssuedNames);
  return { verdict: authenticated(principal, { headers }), basis, endsAtMs };
}

/** Claims may hold values that JSON cannot express: `undefined`, NaN, infinity and minus zero. */
function survivesJson(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  if (Array.isArray(value)) return [...value].every(survivesJson);
  if (typeof value === 'object' && value !== null) return Object.values(value).every(survivesJson);
  return value !== undefined;
}

const moment: option.Check<number> = option.between(0, Number.MAX_SAFE_INTEGER);

/** A NumericDate may be of any time (RFC 7519 2). */
const date: option.Check<number> = option.between(-Number.MAX_VALUE, Number.MAX_VALUE);

const texts = option.listOf(option.text);

const jsonObject: option.Check<Record<string, unknown>> = (value, name) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw option.invalid(name, 'must be an object');
  return value as Record<string, unknown>;
};

const headerLine: option.Check<HeaderLine> = (value, name) => {
  const [header, content, ...surplus] = option.listOf(option.text)(value, name);
  if (header === undefined || content === undefined || surplus.length > 0) throw option.invalid(name, 'must be a pair');
  return [header, content];
};

const actor: option.Check<Actor> = (value, name) => ACTOR(value, name) as Actor;

const ACTOR: option.Check<unknown> = option.table('actor', {
  issuer: option.optional(option.text),
  subject: option.text,
  clientId: option.optional(option.text),
  actor: option.optional(actor),
});

const PRINCIPAL = option.table('principal', {
  kind: option.oneOf('user', 'client', 'workload'),
  issuer: option.optional(option.text),
  subject: option.text,
  clientId: option.optional(option.text),
  scopes: texts,
  roles: texts,
  audience: texts,
  claims: jsonObject,
  expiresAt: option.optional(date),
  issuedAt: option.optional(date),
  authenticatedAt: option.optional(date),
  acr: option.optional(option.text),
  amr: texts,
  confirmation: option.optional(option.namedValues(option.text)),
  actor: option.optional(actor),
  via: option.listOf(option.table('via', { handler: option.text, scheme: option.text })),
});

const ISSUED = option.table('issued', {
  subject: option.optional(option.text),
  clientId: option.optional(option.text),
  issuedAt: option.optional(date),
  sid: option.optional(option.text),
  jti: option.optional(option.text),
});

const VERDICT = option.table('verdict', {
  schema: option.wholeBetween(SCHEMA, SCHEMA),
  endsAtMs: moment,
  basis: option.optional(option.text),
  headers: option.listOf(headerLine),
  principal: PRINCIPAL,
  issued: option.optional(ISSUED),
});
