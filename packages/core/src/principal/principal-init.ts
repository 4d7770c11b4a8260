import { MisuseError } from '../errors/errors.js';
import { ownMember } from '../options/own-members.js';
import type { Actor } from './actor.js';

export type PrincipalKind = 'user' | 'client' | 'workload' | 'anonymous';

/** How a principal was proved: which handler, by which kind of credential. */
export interface Via {
  readonly handler: string;
  /** In lower case: an authentication scheme (`bearer`, `basic`) or another name for the kind of credential. */
  readonly scheme: string;
}

/**
 * The keys whose possession is proved on every request, by the members of `cnf` that name them (RFC 7800 3.1): `x5t#S256` is
 * the thumbprint of a client certificate (RFC 8705 3.1), `jkt` that of a DPoP key (RFC 9449 6.1).
 */
export type Confirmation = Readonly<Record<string, string>>;

/** The members that `createPrincipal` takes. Lists are copied unless frozen; claims are deep-copied and deep-frozen. */
export interface PrincipalInit<Claims extends object = Record<string, unknown>> {
  readonly kind?: PrincipalKind | undefined;
  readonly issuer?: string | undefined;
  readonly subject: string;
  readonly clientId?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly roles?: readonly string[] | undefined;
  readonly audience?: readonly string[] | undefined;
  readonly claims?: Claims | undefined;
  readonly expiresAt?: number | undefined;
  readonly issuedAt?: number | undefined;
  readonly authenticatedAt?: number | undefined;
  readonly acr?: string | undefined;
  readonly amr?: readonly string[] | undefined;
  readonly confirmation?: Confirmation | undefined;
  /** Who acts for the subject now (RFC 8693 4.1). */
  readonly actor?: Actor | undefined;
  readonly via?: readonly Via[] | undefined;
}

const KINDS: readonly unknown[] = ['user', 'client', 'workload'] satisfies PrincipalKind[];
const TEXTS = ['issuer', 'clientId', 'acr'] as const;
const LISTS = ['scopes', 'roles', 'audience', 'amr'] as const;
const TIMES = ['expiresAt', 'issuedAt', 'authenticatedAt'] as const;

/**
 * Copies and checks the object's own members. Values of a wrong type are refused, because they would fail silently:
 * `includes` of a string searches a substring, and a time that is no number never comes.
 * @throws {TypeError} naming the member, not its value
 */
export function checkedPrincipalInit<Claims extends object>(given: PrincipalInit<Claims>): PrincipalInit<Claims> {
  const init = ownInit(given);
  checkMembers(init);
  return init;
}

/** Lists every member, so that all results have one shape in V8. */
function ownInit<Claims extends object>(given: PrincipalInit<Claims>): PrincipalInit<Claims> {
  return {
    kind: ownMember(given, 'kind'),
    issuer: ownMember(given, 'issuer'),
    subject: ownMember(given, 'subject') as string,
    clientId: ownMember(given, 'clientId'),
    scopes: ownMember(given, 'scopes'),
    roles: ownMember(given, 'roles'),
    audience: ownMember(given, 'audience'),
    claims: ownMember(given, 'claims'),
    expiresAt: ownMember(given, 'expiresAt'),
    issuedAt: ownMember(given, 'issuedAt'),
    authenticatedAt: ownMember(given, 'authenticatedAt'),
    acr: ownMember(given, 'acr'),
    amr: ownMember(given, 'amr'),
    confirmation: ownMember(given, 'confirmation'),
    actor: ownMember(given, 'actor'),
    via: ownMember(given, 'via'),
  };
}

function checkMembers(init: PrincipalInit<object>): void {
  if (!isText(init.subject) || init.subject === '') throw new MisuseError('a principal needs a subject');
  if (init.kind === 'anonymous') throw new MisuseError('the anonymous principal is ANONYMOUS');
  check(init, ['kind'], (kind) => KINDS.includes(kind), 'user, client or workload');
  check(init, TEXTS, isText, 'a string');
  check(init, LISTS, (list) => Array.isArray(list) && list.every(isText), 'an array of strings');
  check(init, TIMES, Number.isFinite, 'a finite number');
  check(init, ['via'], (via) => Array.isArray(via) && via.every(isProof), 'an array of proofs');
  check(init, ['confirmation'], isConfirmation, 'texts by the names of their methods');
}

function check(
  init: PrincipalInit<object>,
  names: readonly (keyof PrincipalInit)[],
  fits: (value: unknown) => boolean,
  expected: string,
): void {
  for (const name of names) {
    if (init[name] !== undefined && !fits(init[name]))
      throw new MisuseError(`a principal's ${name} must be ${expected}`);
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isProof(value: unknown): boolean {
  return holdsTexts(value, 'handler', 'scheme');
}

function isConfirmation(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const texts = Object.values(value);
  return texts.length > 0 && texts.every((text) => isText(text) && text !== '');
}

function holdsTexts(value: unknown, ...names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => isText(ownMember(value as Record<string, unknown>, name)));
}
