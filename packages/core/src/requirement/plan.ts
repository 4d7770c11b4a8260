import type { Eventually } from '../clock/eventually.js';
import { ConfigurationError } from '../errors/errors.js';
import { shownName } from '../errors/shown-name.js';
import type { SecurityHandler } from '../handler/handler.js';
import { MISSING, MissingScopes, NOBODY, type Outcome, Refusal } from '../handler/refusal.js';
import type { SecurityRequest } from '../request/request.js';
import { type Challenge, checkChallenge, formatChallenge } from '../verdict/challenge.js';
import { forbidden } from '../verdict/verdict.js';
import { AllOfNode } from './all-of-node.js';
import { AnonymousNode } from './anonymous-node.js';
import { AnyOfNode } from './any-of-node.js';
import { AttemptNode, goOn } from './attempt-node.js';
import { Leaf, Run } from './leaf.js';
import { LeafNode } from './leaf-node.js';
import { OptionalNode } from './optional-node.js';
import {
  AllOf,
  Anonymous,
  AnyOf,
  Attempt,
  checkRequirement,
  handlersOf,
  Optional,
  type Requirement,
  Scoped,
} from './requirement.js';
import type { RequirementNode } from './requirement-node.js';
import { ScopedNode } from './scoped-node.js';

/** A challenge that a 401 may carry, and the handlers that share it. */
export interface Candidate {
  readonly challenge: Challenge;
  readonly handlers: readonly SecurityHandler[];
}

/** A requirement, compiled once: its leaves in the order in which they look for credentials, its tree, its challenges. */
export class RequirementPlan {
  readonly handlers: readonly SecurityHandler[];
  /** Every handler's challenges, each distinct header value once, in chain order. */
  readonly candidates: readonly Candidate[];
  readonly #leaves: readonly Leaf[];
  readonly #root: RequirementNode;
  readonly #readsCredentials: boolean;
  readonly #isAttempt: boolean;

  /** @throws {ConfigurationError} ERR_SALLYPORT_REQUIREMENT_INVALID, ERR_SALLYPORT_SOURCE_CONFLICT */
  constructor(requirement: Requirement) {
    checkRequirement(requirement, 'a requirement');
    const leaves = new Map<SecurityHandler, Leaf>();
    this.#root = compile(requirement, leaves, handlersOf(requirement).length > 0 ? NOBODY : NOBODY_EVER);
    const inChainOrder = [...leaves.values()];
    checkClaims(inChainOrder);
    this.#leaves = inSourceOrder(inChainOrder);
    this.#readsCredentials = inChainOrder.length > 0;
    this.#isAttempt = requirement instanceof Attempt;
    this.handlers = Object.freeze(inChainOrder.map(({ handler }) => handler));
    this.candidates = distinctCandidates(
      this.handlers.flatMap((handler) => handler.challenges.map((challenge) => ({ challenge, handlers: [handler] }))),
    );
  }

  begin(request: SecurityRequest): Run {
    return new Run(request);
  }

  /**
   * Comes to an outcome; synchronous as long as every handler is. Without any handler no credential is looked at: neither
   * a bad, an unreadable nor a doubled one is refused.
   */
  evaluate(run: Run): Eventually<Outcome> {
    if (!this.#readsCredentials) return this.#root.evaluate(run);
    const { authorization } = run.request;
    if (authorization.kind === 'invalid') return new Refusal({ kind: 'ambiguous', reason: authorization.reason });
    for (let index = 0; index < this.#leaves.length; index += 1) {
      const bug = this.#leaves[index]?.extract(run);
      if (bug !== undefined) return bug;
    }
    const unrecognised = this.#unrecognised(run);
    if (unrecognised !== undefined) return this.#isAttempt ? goOn(unrecognised, run) : unrecognised;
    return this.#root.isSatisfiable(run) ? this.#root.evaluate(run) : MISSING;
  }

  /** An Authorization header that no handler took is refused; it never counts as "nothing sent". */
  #unrecognised(run: Run): Refusal | undefined {
    const { authorization } = run.request;
    if (authorization.kind !== 'credentials') return undefined;
    const { scheme } = authorization;
    for (let index = 0; index < this.#leaves.length; index += 1) {
      const leaf = this.#leaves[index] as Leaf;
      if (leaf.scheme === scheme && leaf.isPresent(run)) return undefined;
    }
    return new Refusal({ kind: 'unrecognised', reason: 'credentials_unrecognised', scheme });
  }
}

/** Where no handler could prove anything, nobody is asked to: a 401 would have no challenge (RFC 9110 15.5.2). */
const NOBODY_EVER: MissingScopes = Object.freeze(new MissingScopes(forbidden('insufficient_scope')));

/** `nobody` is the answer to a caller who proves nothing where scopes are asked. */
function compile(requirement: Requirement, leaves: Map<SecurityHandler, Leaf>, nobody: MissingScopes): RequirementNode {
  const compiled = (member: Requirement) => compile(member, leaves, nobody);
  const compileAll = (members: readonly Requirement[]) => members.map(compiled);
  if (requirement instanceof AnyOf) return new AnyOfNode(compileAll(requirement.members));
  if (requirement instanceof AllOf) return new AllOfNode(compileAll(requirement.members), requirement.sameParty);
  if (requirement instanceof Optional) return new OptionalNode(compiled(requirement.member));
  if (requirement instanceof Attempt) return new AttemptNode(compiled(requirement.member));
  if (requirement instanceof Anonymous) return new AnonymousNode();
  if (requirement instanceof Scoped) {
    const { member, scopes } = requirement;
    return new ScopedNode(compiled(member), scopes, handlersOf(member), nobody);
  }
  for (const challenge of requirement.challenges) checkChallenge(challenge, requirement.name);
  const leaf = leaves.get(requirement) ?? new Leaf(requirement);
  leaves.set(requirement, leaf);
  return new LeafNode(leaf);
}

function checkClaims(leaves: readonly Leaf[]): void {
  const whole = new Map<string, SecurityHandler>();
  for (const { source, handler } of leaves) {
    if (source.selective || source.fallback) continue;
    const rival = whole.get(source.at);
    if (rival !== undefined) {
      throw new ConfigurationError(
        'ERR_SALLYPORT_SOURCE_CONFLICT',
        `${shownName(rival.name)} and ${shownName(handler.name)} both take every credential of ${source.at}; ` +
          'let one of them take only those it knows (source.selective): the other gets what is left',
      );
    }
    whole.set(source.at, handler);
  }
}

/** Selective handlers look first, fallbacks last; within a rank the chain's order holds. */
function inSourceOrder(leaves: readonly Leaf[]): readonly Leaf[] {
  const ordered = leaves.toSorted((a, b) => rank(a) - rank(b));
  ordered.forEach((leaf, position) => {
    leaf.rivals = ordered.slice(0, position).filter((earlier) => earlier.source.at === leaf.source.at);
  });
  return ordered;
}

function rank({ source }: Leaf): number {
  if (source.fallback) return 2;
  return source.selective ? 0 : 1;
}

/** Each distinct header value once, in order: two handlers of one realm make one challenge. */
export function distinctCandidates(candidates: readonly Candidate[]): readonly Candidate[] {
  const distinct = new Map<string, Candidate>();
  for (const { challenge, handlers } of candidates) {
    const line = formatChallenge(challenge);
    const known = distinct.get(line) ?? { challenge, handlers: [] };
    distinct.set(line, { challenge: known.challenge, handlers: [...new Set([...known.handlers, ...handlers])] });
  }
  return Object.freeze([...distinct.values()]);
}
