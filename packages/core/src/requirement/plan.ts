import type { Eventually } from '../clock/eventually.js';
import { shownName } from '../errors/shown-name.js';
import type { NeededScopes } from '../guard/needed-scopes.js';
import type { CredentialPlace } from '../handler/credential-place.js';
import type { SecurityHandler } from '../handler/handler.js';
import { MISSING, type Outcome, Refusal } from '../handler/refusal.js';
import { type Principal, proofOf } from '../principal/principal.js';
import { isPreflight } from '../request/preflight.js';
import { SecurityRequest } from '../request/request.js';
import type { Advice, DecisionTrace } from '../request/trace.js';
import type { Leaf } from './leaf.js';
import { NOBODY, NOBODY_EVER } from './missing-scopes.js';
import type { RequirementNode } from './node.js';
import { checkRequirement, handlersOf, Operator, type Requirement } from './requirement.js';
import { Run } from './run.js';
import { leavesInSourceOrder } from './source-order.js';

/** One place as one of its leaves reads it. */
interface Reading {
  readonly leaf: Leaf;
  readonly place: CredentialPlace;
}

/** A place with all leaves that look there. */
type SharedPlace = readonly Reading[];

/** A compiled requirement: its leaves in the order of extraction, its tree, its challenges. */
export class RequirementPlan {
  readonly handlers: readonly SecurityHandler[];
  readonly maxBodyBytes: number;
  readonly #leaves: readonly Leaf[];
  readonly #root: RequirementNode;
  /** The explicit places outside Authorization. */
  readonly #fields: readonly SharedPlace[];
  readonly #readsCredentials: boolean;

  /** @throws {ConfigurationError} ERR_SALLYPORT_REQUIREMENT_INVALID, ERR_SALLYPORT_SOURCE_CONFLICT */
  constructor(requirement: Requirement, maxBodyBytes: number) {
    checkRequirement(requirement, 'a requirement');
    this.handlers = Object.freeze([...new Set(handlersOf(requirement))]);
    this.maxBodyBytes = maxBodyBytes;
    this.#leaves = leavesInSourceOrder(this.handlers, maxBodyBytes);
    this.#fields = fieldsOf(this.#leaves);
    this.#readsCredentials = this.handlers.length > 0;
    this.#root = compiled(requirement, this.#leaves);
  }

  /** The scopes that the proof of a handler needs. */
  neededOf(handler: SecurityHandler): readonly NeededScopes[] {
    return this.#root.neededOf(handler) ?? [];
  }

  begin(request: SecurityRequest): Run {
    return new Run(request);
  }

  /**
   * Evaluates the requirement; synchronous as long as every handler is. A requirement without handlers reads no
   * credential, so bad, unreadable and repeated credentials are not refused there. `earlier` was proved for the same
   * request before: who proved it is not asked again.
   */
  evaluate(run: Run, earlier?: Principal): Eventually<Outcome> {
    if (!this.#readsCredentials) return this.#root.evaluate(run);
    const { authorization } = run.request;
    if (authorization.kind === 'invalid') return new Refusal({ kind: 'ambiguous', reason: authorization.reason });
    for (let index = 0; index < this.#leaves.length; index += 1) {
      const bug = this.#leaves[index]?.extract(run);
      if (bug !== undefined) return bug;
    }
    const unrecognised = this.#unrecognised(run);
    if (earlier !== undefined) this.#recall(run, earlier);
    if (unrecognised !== undefined) return this.#root.letPass?.(unrecognised, run) ?? unrecognised;
    return this.#root.isSatisfiable(run) ? this.#root.evaluate(run) : this.#missing(run);
  }

  #recall(run: Run, earlier: Principal): void {
    for (const leaf of this.#leaves) {
      const proof = proofOf(earlier, leaf.handler.name);
      if (proof !== undefined && run.holdsOneOf(leaf)) leaf.recall(run, proof);
    }
  }

  /**
   * What a client sent as a credential and no handler took is refused; it never counts as "nothing sent". Ambient credentials do:
   * browsers send them without anybody's will, also those of other applications.
   */
  #unrecognised(run: Run): Refusal | undefined {
    const { authorization } = run.request;
    if (authorization.kind === 'credentials' && !this.#isTaken(authorization.scheme, run)) {
      return this.#unclaimed(authorization.scheme, run);
    }
    // Counted loops: this runs for every request (bench: chain).
    for (let index = 0; index < this.#fields.length; index += 1) {
      const field = this.#fields[index] as SharedPlace;
      if (!this.#isLeftAlone(field, run)) continue;
      return unclaimedAt(field, run);
    }
    return undefined;
  }

  #isTaken(scheme: string, run: Run): boolean {
    for (let index = 0; index < this.#leaves.length; index += 1) {
      const leaf = this.#leaves[index] as Leaf;
      const place = leaf.placeOf(scheme);
      if (place !== undefined && leaf.hasTaken(place, run)) return true;
    }
    return false;
  }

  /** A handler that found its credential at its only place does not let the request be read once more. */
  #isLeftAlone(readings: SharedPlace, run: Run): boolean {
    for (let index = 0; index < readings.length; index += 1) {
      const { leaf, place } = readings[index] as Reading;
      if (leaf.hasTaken(place, run)) return false;
    }
    return (readings[0] as Reading).place.valuesIn(run.request).length > 0;
  }

  /** The same for all requests, unless somebody observes the decision. */
  #missing(run: Run): Refusal {
    if (run.request.trace === undefined) return MISSING;
    const found = this.#leaves.filter((leaf) => run.holdsOneOf(leaf));
    const sought = this.#leaves.filter((leaf) => !found.includes(leaf));
    const beside = found.length === 0 ? '' : `; found at ${placesOf(found)}`;
    const detail = `nothing at ${placesOf(sought)}${beside}`;
    const advice = found.length === 0 ? adviceOfNothing(run.request, sought) : [{ code: 'credentials_incomplete' }];
    return new Refusal({ ...MISSING.verdict, kind: 'missing', detail, advice });
  }

  #unclaimed(scheme: string, run: Run): Refusal {
    const verdict = { kind: 'unrecognised', reason: 'credentials_unrecognised', scheme } as const;
    const { trace } = run.request;
    if (trace === undefined) return new Refusal(verdict);
    if (this.#leaves.some((leaf) => leaf.placeOf(scheme) !== undefined))
      return new Refusal({ ...verdict, advice: adviceOfCauses(trace) });
    const [came, shown] = WORD.test(scheme) ? [`"${scheme}"`, scheme] : ['another one', '<scheme>'];
    const detail = `the scheme is ${came}, expected ${placesOf(this.#leaves)}`;
    return new Refusal({ ...verdict, detail, advice: [{ code: 'scheme_unread', scheme: shown }] });
  }
}

/** A scheme is shown if it is a word. Anything else may be a part of a credential that was sent without its scheme. */
const WORD = /^[a-z][a-z-]{0,14}$/;

/** What a caller who sent nothing may have got wrong, as far as the request shows it. */
function adviceOfNothing(request: SecurityRequest, sought: readonly Leaf[]): readonly Advice[] {
  if (isPreflight(request.method, SecurityRequest.linesOf(request))) return [{ code: 'preflight_refused' }];
  const places = sought.map(({ handler }) => ({ code: MISSING.verdict.reason, handler: handler.name }));
  return request.headersFrom === 'parsed' ? [...places, { code: 'headers_parsed' }] : places;
}

/** The caller is answered by the challenge of the first handler that looks there. */
function unclaimedAt(readings: SharedPlace, { request: { trace } }: Run): Refusal {
  const [{ leaf, place }] = readings as readonly [Reading];
  const scheme = leaf.handler.challenges[0]?.scheme.toLowerCase() ?? '';
  const verdict = { kind: 'unrecognised', reason: 'credentials_unrecognised', scheme } as const;
  if (trace === undefined) return new Refusal(verdict);
  const names = readings.map((each) => shownName(each.leaf.handler.name)).join(', ');
  const detail = `${place.at} holds nothing that is taken there (${names})`;
  return new Refusal({ ...verdict, detail, advice: adviceOfCauses(trace) });
}

function adviceOfCauses({ unclaimed }: DecisionTrace): readonly Advice[] {
  return unclaimed.flatMap(({ handler, cause }) => (cause === undefined ? [] : [{ code: cause, handler }]));
}

function placesOf(leaves: readonly Leaf[]): string {
  return leaves
    .map(({ handler, source }) => `${source.places.map(({ at }) => at).join(' or ')} (${shownName(handler.name)})`)
    .join(', ');
}

function fieldsOf(leaves: readonly Leaf[]): readonly SharedPlace[] {
  const readings = leaves.flatMap((leaf) => leaf.source.places.map((place) => ({ leaf, place })));
  const outside = readings.filter(({ place }) => !place.isAmbient && place.scheme === undefined);
  const ats = new Set(outside.map(({ place }) => place.at));
  return [...ats].map((at) => outside.filter(({ place }) => place.at === at));
}

/** A handler that occurs several times gets one leaf. */
function compiled(requirement: Requirement, leaves: readonly Leaf[]): RequirementNode {
  const leafOf = new Map(leaves.map((leaf) => [leaf.handler, leaf]));
  const nobody = leaves.length > 0 ? NOBODY : NOBODY_EVER;
  const compile = (member: Requirement): RequirementNode =>
    Operator.isOperator(member) ? member.compile(compile, nobody) : (leafOf.get(member) as Leaf);
  return compile(requirement);
}
