import { type Authenticated, authenticated, type HeaderLine } from '../handler/verdict.js';
import { between, checkOptions, invalid, listOf, type OptionCheck, oneOf, optionalOption, text } from '../options.js';
import { type Confirmation, createPrincipal, type Via } from '../principal/principal.js';

/** A verdict and when it has to be forgotten: what leaves the process and comes back. */
export interface DatedVerdict {
  readonly verdict: Authenticated;
  /** The name of what it rests on. */
  readonly basis: string | undefined;
  /** Milliseconds since the epoch. */
  readonly endsAtMs: number;
}

/** Writes a verdict as JSON; `undefined` for one that would not come back exactly as it was. */
export function verdictToText({ verdict, basis, endsAtMs }: DatedVerdict): string | undefined {
  const { principal, headers } = verdict;
  if (principal.kind === 'anonymous' || !survivesJson(principal.claims)) return undefined;
  return JSON.stringify({ endsAtMs, basis, headers, principal });
}

/**
 * Reads what `verdictToText` wrote, and makes principal and verdict anew: frozen and branded like any other.
 * @throws when anything is missing, surplus or of another type
 */
export function verdictFromText(json: string): DatedVerdict {
  const { endsAtMs, basis, headers, principal } = checkOptions('verdict', JSON.parse(json), {
    endsAtMs: moment,
    basis: optionalOption(text),
    headers: listOf(headerLine),
    principal: members(PRINCIPAL),
  });
  return { verdict: authenticated(createPrincipal(principal), { headers }), basis, endsAtMs };
}

/** Claims may hold what JSON has no word for: `undefined`, NaN, infinity and minus zero. */
function survivesJson(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  if (Array.isArray(value)) return [...value].every(survivesJson);
  if (typeof value === 'object' && value !== null) return Object.values(value).every(survivesJson);
  return value !== undefined;
}

const moment: OptionCheck<number> = between(0, Number.MAX_SAFE_INTEGER);

const texts = listOf(text);

const jsonObject: OptionCheck<Record<string, unknown>> = (value, name) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(name, 'must be an object');
  return value as Record<string, unknown>;
};

const headerLine: OptionCheck<HeaderLine> = (value, name) => {
  const [header, content, ...surplus] = listOf(text)(value, name);
  if (header === undefined || content === undefined || surplus.length > 0) throw invalid(name, 'must be a pair');
  return [header, content];
};

function members<Checks extends Record<string, OptionCheck<unknown>>>(checks: Checks) {
  return (value: unknown, name: string) => checkOptions(name, value as object, checks);
}

const PRINCIPAL = {
  kind: oneOf('user', 'client', 'workload'),
  issuer: optionalOption(text),
  subject: text,
  clientId: optionalOption(text),
  scopes: texts,
  roles: texts,
  audience: texts,
  claims: jsonObject,
  expiresAt: optionalOption(moment),
  issuedAt: optionalOption(moment),
  authenticatedAt: optionalOption(moment),
  acr: optionalOption(text),
  amr: texts,
  confirmation: optionalOption<Confirmation>(members({ method: text, value: text })),
  via: listOf<Via>(members({ handler: text, scheme: text })),
};
