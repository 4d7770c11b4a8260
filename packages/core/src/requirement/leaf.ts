import { disregard, type Eventually, isThenable } from '../clock/eventually.js';
import { MisuseError } from '../errors/errors.js';
import type { NeededScopes } from '../guard/needed-scopes.js';
import { type CredentialPlace, sentIn } from '../handler/credential-place.js';
import type { ReadSource } from '../handler/credential-source.js';
import type { SecurityHandler } from '../handler/handler.js';
import { fault, type Outcome, type Refusal } from '../handler/refusal.js';
import { Verification } from '../handler/verification.js';
import type { Principal } from '../principal/principal.js';
import { repeats } from '../request/incoming-request.js';
import { SecurityRequest } from '../request/request.js';
import { authenticated, isVerdict, malformed, type Verdict } from '../verdict/verdict.js';
import { Carries, type RequirementNode } from './node.js';
import type { CredentialOwner, Run } from './run.js';
import { filledIn, placesTaken } from './taken-places.js';

/** The node of one handler in a compiled requirement. It finds the handler's credential and has it verified. */
export class Leaf implements RequirementNode, CredentialOwner {
  readonly handler: SecurityHandler;
  readonly source: ReadSource;
  /**
   * The rank of the credential if it is the same at all places: explicit or ambient. Undefined when some places are
   * explicit and others ambient.
   */
  readonly #carried: Carries | undefined;
  readonly #singleHeader: string | undefined;
  readonly #hasSeveralPlaces: boolean;
  /** Whether it takes only some credentials of each of several explicit places. */
  readonly #isSelective: boolean;
  /** Where two credentials are one too many. At several selective places, credentials of others may stand, too. */
  readonly #countedPlaces: readonly CredentialPlace[];
  /** Places at which a value twice is one too many, whoever it is for. */
  readonly #repeatable: readonly CredentialPlace[];
  readonly #explicitPlaces: readonly CredentialPlace[];
  readonly #verification: Verification<CredentialOwner>;

  /** `maxBodyBytes` bounds the body that a proof over the credential may need. */
  constructor(handler: SecurityHandler, source: ReadSource, maxBodyBytes: number) {
    this.handler = handler;
    this.#verification = new Verification(handler, maxBodyBytes);
    this.source = source;
    const { places } = source;
    const [first] = places as readonly [CredentialPlace];
    this.#carried = places.every(({ isAmbient }) => isAmbient === first.isAmbient) ? carriedIn(first) : undefined;
    this.#hasSeveralPlaces = places.length > 1;
    this.#explicitPlaces = places.filter(({ isAmbient }) => !isAmbient);
    this.#isSelective =
      this.#explicitPlaces.length > 1 && !this.#explicitPlaces.some((each) => source.whole.includes(each));
    this.#countedPlaces = source.whole.length > 0 || !(source.fallback || places.length === 1) ? source.whole : places;
    this.#repeatable =
      this.#countedPlaces.length > 0 ? [] : this.#explicitPlaces.filter(({ scheme }) => scheme === undefined);
    const [kind, name] = (this.#countedPlaces[0]?.at ?? '').split(':', 2);
    this.#singleHeader = kind === 'header' && this.#countedPlaces.length === 1 ? name : undefined;
  }

  /** Its place for credentials of this Authorization scheme, in lower case. */
  placeOf(scheme: string): CredentialPlace | undefined {
    const { places } = this.source;
    for (let index = 0; index < places.length; index += 1) {
      const place = places[index] as CredentialPlace;
      if (place.scheme === scheme) return place;
    }
    return undefined;
  }

  /** Whether the credential of this leaf is the one that stands at `place`, an explicit place of it. */
  hasTaken(place: CredentialPlace, run: Run): boolean {
    if (!run.holdsOneOf(this)) return false;
    if (this.source.whole.includes(place) || !this.#isFilledBeside(place, run.request)) return true;
    return this.#placesTaken(run).includes(place);
  }

  isSatisfiable(run: Run): boolean {
    return run.holdsOneOf(this);
  }

  carries(run: Run): Carries {
    if (!run.holdsOneOf(this)) return Carries.Nothing;
    return this.#carried ?? carriedIn(this.#placeIn(run.request));
  }

  /**
   * Lets the handler look for its credential; returns a refusal only for a bug. Of the leaves that look at the same place, the
   * first that finds one owns it.
   */
  extract(run: Run): Refusal | undefined {
    if (this.#isForestalled(run)) return undefined;
    const { request } = run;
    try {
      const found = this.#isDoubled(request) ? DOUBLED : this.handler.extract(request);
      const mistake = mistakenFor(found);
      if (mistake !== undefined) {
        const error = new MisuseError(`extract() returned ${mistake}`);
        return fault('handler_extract_misbehaved', { culprit: this.handler.name, error }, this.handler);
      }
      if (found !== undefined) run.keep(this, this.#isOneOfSeveral(found, request) ? DOUBLED : found);
      return undefined;
    } catch (error) {
      return fault('handler_threw', { culprit: this.handler.name, error }, this.handler);
    }
  }

  neededOf(handler: SecurityHandler): readonly NeededScopes[] | undefined {
    return handler === this.handler ? [] : undefined;
  }

  /** Lets the handler check what it extracted, at most once per decision. */
  evaluate(run: Run): Eventually<Outcome> {
    const known = run.outcomeOf(this);
    if (known !== undefined) return known;
    const outcome = this.#verification.verify(this, run);
    run.conclude(this, outcome);
    return outcome;
  }

  /**
   * Takes over what the handler proved for the same request before, unless the credential is malformed now or the proof
   * no longer holds. Its header lines are on the answer already.
   */
  recall(run: Run, proof: Principal): void {
    const credential = run.credentialOf(this);
    if (isVerdict(credential)) return;
    const outcome = authenticated(proof);
    run.conclude(this, this.recheck(credential, outcome, proof, run.request) ?? outcome);
  }

  recheck(
    credential: unknown,
    outcome: Eventually<Outcome> | undefined,
    principal: Principal,
    request: SecurityRequest,
  ): Refusal | undefined {
    return this.#verification.recheck(credential, outcome, principal, request);
  }

  #placesTaken(run: Run): readonly CredentialPlace[] {
    return placesTaken(this.handler, this.source, run.credentialOf(this), run.request);
  }

  #isFilledBeside(place: CredentialPlace, request: SecurityRequest): boolean {
    const { places } = this.source;
    for (let index = 0; index < places.length; index += 1) {
      const other = places[index] as CredentialPlace;
      if (other !== place && other.valuesIn(request).length > 0) return true;
    }
    return false;
  }

  /** Whether a credential that was found is one of several of this leaf, at several explicit places (RFC 6750 2). */
  #isOneOfSeveral(found: unknown, request: SecurityRequest): boolean {
    if (!this.#isSelective || isVerdict(found) || filledIn(this.#explicitPlaces, request).length < 2) return false;
    return placesTaken(this.handler, this.source, found, request).length > 1;
  }

  #isDoubled(request: SecurityRequest): boolean {
    for (let index = 0; index < this.#repeatable.length; index += 1) {
      if ((this.#repeatable[index] as CredentialPlace).valuesIn(request).length > 1) return true;
    }
    if (this.#countedPlaces.length > 1) return isVerdict(sentIn(this.#countedPlaces, request));
    return this.#singleHeader !== undefined && repeats(SecurityRequest.linesOf(request), this.#singleHeader);
  }

  /**
   * Whether others have taken all that this leaf could take. An ambient credential beside an explicit one does not count.
   * Only leaves that found something are asked: if each asked all others, the cost would grow with the square of the number
   * of handlers (bench: growth).
   */
  #isForestalled(run: Run): boolean {
    let taken: readonly CredentialPlace[] = NONE;
    for (let index = 0, owner = run.ownerAt(0); owner !== undefined; index += 1, owner = run.ownerAt(index)) {
      if (!(#hasSeveralPlaces in owner && isOneShared(owner.source.places, this.source.places))) continue;
      if (!this.#hasSeveralPlaces && !owner.#hasSeveralPlaces) return true;
      taken = [...taken, ...owner.#placesTaken(run)];
    }
    if (taken.length === 0) return false;
    const [first, ...others] = filledIn(this.source.places, run.request);
    const open = [first, ...others.filter(({ isAmbient }) => !isAmbient)];
    return open.every((place) => taken.some(({ at }) => at === place?.at));
  }

  /** The place of the credential. Undefined when the client sent it at several explicit places. */
  #placeIn(request: SecurityRequest): CredentialPlace | undefined {
    const sent = sentIn(this.source.places, request);
    return isVerdict(sent) ? undefined : sent?.place;
  }
}

/** Counted loops: this runs for most requests that several handlers look at (bench: chain). */
function isOneShared(places: readonly CredentialPlace[], others: readonly CredentialPlace[]): boolean {
  for (let index = 0; index < places.length; index += 1) {
    for (let other = 0; other < others.length; other += 1) {
      if (places[index]?.at === others[other]?.at) return true;
    }
  }
  return false;
}

function carriedIn(place: CredentialPlace | undefined): Carries {
  return place?.isAmbient === true ? Carries.Ambient : Carries.Explicit;
}

const NONE: readonly CredentialPlace[] = Object.freeze([]);
const DOUBLED: Verdict = malformed('duplicate_credentials');
/** Names a value that `extract` must not return: null instead of undefined, a promise, a grant without verification. */
function mistakenFor(found: unknown): string | undefined {
  if (found === null) return 'null';
  if (isThenable(found)) {
    disregard(found);
    return 'a promise';
  }
  return isVerdict(found) && found.kind === 'authenticated' ? 'a grant' : undefined;
}
