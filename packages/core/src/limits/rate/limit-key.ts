import { type Check, invalid, type Schema, withSchema } from '../../options/check.js';
import { ownMember } from '../../options/own-members.js';
import type { Principal } from '../../principal/principal.js';
import { SecurityRequest } from '../../request/request.js';
import { networkOf } from '../network.js';

/** What a limit counts by. */
const NAMED = ['principal', 'client', 'network', 'operation', 'everybody'] as const;

type NamedKey = (typeof NAMED)[number];

/** Returns the parts of a key; undefined where the request has none. */
export type LimitKeyFunction = (
  principal: Principal,
  request: SecurityRequest,
) => string | readonly string[] | undefined;

/** One part of what a limit counts by: a name, a claim of the principal, or a function. */
export type LimitKeyPart = NamedKey | { readonly claim: string } | LimitKeyFunction;

/** How a limit counts, compiled. */
export interface LimitKey {
  /** Such as `client operation`. */
  readonly text: string;
  /** Whether it can be told before anybody is authenticated. */
  readonly isEarly: boolean;
  /** Unambiguous. */
  of(principal: Principal, request: SecurityRequest): string;
}

interface Part {
  readonly text: string;
  readonly isEarly: boolean;
  of(principal: Principal, request: SecurityRequest): string;
}

const PART_SCHEMA: Schema = {
  anyOf: [
    { type: 'string', enum: NAMED },
    {
      type: 'object',
      properties: { claim: { type: 'string', minLength: 1 } },
      required: ['claim'],
      additionalProperties: false,
    },
  ],
};

/** The option `by` of limits: one part, or a list of them, which count together. */
export const limitKey: Check<LimitKey, LimitKeyPart | readonly LimitKeyPart[] | undefined> = withSchema(
  { anyOf: [PART_SCHEMA, { type: 'array', items: PART_SCHEMA, minItems: 1 }], default: 'principal' },
  (value = 'principal', name) => {
    const given: readonly unknown[] = Array.isArray(value) ? value : [value];
    const parts = given.map((each) => partOf(each, name));
    if (parts.length === 0) throw invalid(name, 'must not be empty');
    return Object.freeze({
      text: parts.map(({ text }) => text).join(' '),
      isEarly: parts.every(({ isEarly }) => isEarly),
      of: parts.length === 1 ? (parts[0] as Part).of : joined(parts),
    });
  },
  true,
);

function joined(parts: readonly Part[]): Part['of'] {
  return (principal, request) => JSON.stringify(parts.map((part) => part.of(principal, request)));
}

function partOf(value: unknown, name: string): Part {
  if (NAMED.includes(value as NamedKey)) return PARTS[value as NamedKey];
  if (typeof value === 'function') return byFunction(value as LimitKeyFunction);
  const claim =
    typeof value === 'object' && value !== null ? ownMember(value as { claim?: unknown }, 'claim') : undefined;
  if (typeof claim === 'string' && claim !== '' && Object.keys(value as object).length === 1) return byClaim(claim);
  throw invalid(name, `must be ${NAMED.join(', ')}, { claim: … } or a function, or a list of these`);
}

/**
 * Whose names those of a principal are: the issuer's, or those of the handler that proved them. Two handlers without issuers
 * may know two callers by one name.
 */
function namedBy({ issuer, via }: Principal): readonly string[] {
  return issuer ? [issuer] : ['', via[0]?.handler ?? ''];
}

/** A caller who has not what is counted by is counted by what it has: never not at all. */
function ofPrincipal(principal: Principal, request: SecurityRequest): string {
  const { kind, subject } = principal;
  return kind === 'anonymous' ? ofNetwork(request) : JSON.stringify(['principal', ...namedBy(principal), subject]);
}

function ofClient(principal: Principal, request: SecurityRequest): string {
  const { clientId } = principal;
  if (clientId === undefined) return ofPrincipal(principal, request);
  return JSON.stringify(['client', ...namedBy(principal), clientId]);
}

function ofNetwork({ remoteAddress }: SecurityRequest): string {
  return `network ${networkOf(remoteAddress)}`;
}

const PARTS: Readonly<Record<NamedKey, Part>> = {
  principal: { text: 'principal', isEarly: false, of: ofPrincipal },
  client: { text: 'client', isEarly: false, of: ofClient },
  network: { text: 'network', isEarly: true, of: (_principal, request) => ofNetwork(request) },
  operation: {
    text: 'operation',
    isEarly: true,
    of: (_principal, request) => `operation ${SecurityRequest.operationOf(request) ?? ''}`,
  },
  everybody: { text: 'everybody', isEarly: true, of: () => 'everybody' },
};

function byClaim(claim: string): Part {
  return {
    text: `claim:${claim}`,
    isEarly: false,
    of(principal, request) {
      const value = ownMember(principal.claims, claim);
      const isAbsent = value === undefined || value === null || value === '';
      if (isAbsent) return ofPrincipal(principal, request);
      return JSON.stringify(['claim', namedBy(principal), claim, value]);
    },
  };
}

function byFunction(find: LimitKeyFunction): Part {
  return {
    text: find.name || 'function',
    isEarly: true,
    of(principal, request) {
      const found = find(principal, request);
      if (found === undefined || found === '') return ofPrincipal(principal, request);
      if (typeof found === 'string' || (Array.isArray(found) && found.every((each) => typeof each === 'string')))
        return JSON.stringify(['parts', found]);
      throw new TypeError('the function of a limit returns a text, a list of texts, or undefined');
    },
  };
}
