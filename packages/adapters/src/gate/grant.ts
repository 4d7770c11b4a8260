import type { Decider, GrantedDecision, Guard, Requirement } from '@sallyport/core';
import type { SecurityRequest } from '@sallyport/core/extend';
import type { Reading } from './reading.js';

/** Where a carrier has its passage. All copies of this package find it there. */
export const PASSAGE: unique symbol = Symbol.for('@sallyport/adapters/passage');

/** What a decider granted a request by one reading of it; another may have granted it something before. */
export interface Grant {
  readonly decider: Decider;
  readonly decision: GrantedDecision;
  readonly source: Reading;
  /** The guard of a route that permitted it as well. */
  readonly guard: Guard | undefined;
  readonly before: Grant | undefined;
}

/**
 * What adapters keep on a request: the last grant, what each `secure()` on its way wants to ask again, and on Express the
 * chosen route.
 */
export interface Passage {
  grant: Grant | undefined;
  rechecks: readonly unknown[] | undefined;
  route: unknown;
}

/**
 * A framework's request object. One property of it is all that is used: Express changes the prototype of every request,
 * which makes each access slow, and adding a property slower still (bench: adapters).
 */
interface Carrier {
  [PASSAGE]?: Passage;
}

export function passageOf(carrier: object): Passage | undefined {
  return (carrier as Carrier)[PASSAGE];
}

/** Gives back the passage, which is empty where nothing has been kept before. */
export function begunPassage(carrier: object): Passage {
  return passageOf(carrier) ?? beginPassage(carrier, undefined);
}

/** For a carrier that has no passage yet. */
export function beginPassage(carrier: object, grant: Grant | undefined): Passage {
  const passage: Passage = { grant, rechecks: undefined, route: undefined };
  (carrier as Carrier)[PASSAGE] = passage;
  return passage;
}

export function lastGrantOf(carrier: object): Grant | undefined {
  return (carrier as Carrier)[PASSAGE]?.grant;
}

export function keepGrant(carrier: object, grant: Grant | undefined): void {
  begunPassage(carrier).grant = grant;
}

export function forgetGrants(carrier: object): void {
  const passage = passageOf(carrier);
  if (passage !== undefined) passage.grant = undefined;
}

/**
 * What this decider granted where it was mounted before, if method, target and operation are still the same. Undefined if
 * a decider for other routes of the same chain has granted since: what was proved there must not be lost.
 */
export function grantedBy(
  decider: Decider,
  last: Grant | undefined,
  request: SecurityRequest,
): GrantedDecision | undefined {
  for (let grant = last; grant !== undefined; grant = grant.before) {
    if (grant.decider !== decider) {
      if (isOfChain(grant, chainOf(decider), request)) return undefined;
    } else if (covers(grant, request)) return grant.decision;
  }
  return undefined;
}

/**
 * What the decider of this route, or one for other routes of the same chain, has granted last to a request of this method
 * and target.
 */
export function grantedEarlier(decider: Decider, last: Grant, request: SecurityRequest): GrantedDecision | undefined {
  const chain = chainOf(decider);
  let grant: Grant | undefined = last;
  while (grant !== undefined && !isOfChain(grant, chain, request)) grant = grant.before;
  return grant?.decision;
}

/** The deciders of routes, and the decider of the chain that each was made from. */
const ofRoutes = new WeakMap<Decider, Decider>();

/** Makes the decider of a route. Undefined if the chain's decider makes none. */
export function deciderOfRoute(decider: Decider, requirement: Requirement): Decider | undefined {
  const made = decider.requiring?.(requirement);
  if (made !== undefined) ofRoutes.set(made, chainOf(decider));
  return made;
}

/** The decider of the chain that a decider of a route was made from. */
export function chainOf(decider: Decider): Decider {
  return ofRoutes.get(decider) ?? decider;
}

function isOfChain(grant: Grant, chain: Decider, { method, target }: SecurityRequest): boolean {
  return chainOf(grant.decider) === chain && isOf(grant, method, target);
}

function covers(grant: Grant, request: SecurityRequest): boolean {
  return isOf(grant, request.method, request.target) && grant.decider.covers(grant.decision, request);
}

/** Whether this decider has granted a request of this method and of the target `mount` + `rest`. */
export function hasGrantOf(
  decider: Decider,
  last: Grant | undefined,
  method: string,
  rest: string,
  mount: string,
): boolean {
  let grant = last;
  while (grant !== undefined && !(grant.decider === decider && isOf(grant, method, rest, mount))) grant = grant.before;
  return grant !== undefined;
}

function isOf(grant: Grant, method: string, rest: string, mount = ''): boolean {
  const { source } = grant;
  return source.method === method && isJoined(source.target, mount, rest);
}

/** Without joining the parts: this is asked in front of each handler. */
function isJoined(target: string, mount: string, rest: string): boolean {
  if (mount === '') return target === rest;
  return target.length === mount.length + rest.length && target.startsWith(mount) && target.endsWith(rest);
}

/** The grant on this request or other carrier; undefined where no chain has run. */
export function grantedTo(carrier: object): GrantedDecision | undefined {
  return lastGrantOf(carrier)?.decision;
}

/** Lets `principalOf` and `attemptedOf` take a context as well, which stays when its request is replaced. */
export function shareGrant(request: object, context: object): void {
  keepGrant(context, lastGrantOf(request));
}
