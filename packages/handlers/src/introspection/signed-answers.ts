import type { Unavailable } from '@sallyport/core';
import { type Basis, type CircuitFigure, type Clock, GoodBefore, isVerdict, option } from '@sallyport/core/extend';
import type { KeySet } from '../jose/key-set.js';
import { openJws } from '../jose/open-jws.js';
import type { HeaderRules } from '../jose/token-header.js';
import { allowsShortSecret, openKeySet } from '../keys/key-source.js';
import { said, typeOf, unlike } from '../token/details.js';
import { audiencesOf, mistypedClaim, readClaims, type TokenClaims } from '../token/token-claims.js';
import type { SignedAnswerSettings } from './introspection-options.js';
import { answerUnverified } from './introspection-verdict.js';

/** What a server said about a token, and what that rests on. */
export interface FoundedAnswer {
  readonly claims: TokenClaims;
  readonly basis: Basis | undefined;
}

/** Services of signed answers. */
export interface SignedAnswerCollaborators {
  readonly clock: Clock;
  /** Called when other keys are used than before. */
  readonly onKeyChange: () => void;
}

export const SIGNED_ANSWER_TYPE = 'application/token-introspection+jwt';

const KEYS = 'IntrospectionHandlerOptions.signedAnswers.keys';
const TYP = 'token-introspection+jwt';
/** An answer is made for the call that it answers; an old one tells about another call, or another token. */
const MAX_AGE_SECONDS = 300;

/** Reads signed answers (RFC 9701 5): the issuer's signature, for us, of just now, and typed as nothing else. */
export class SignedAnswers {
  readonly #issuer: string;
  readonly #audience: string;
  readonly #toleranceSeconds: number;
  readonly #headerRules: HeaderRules;
  readonly #keys: KeySet;
  readonly #clock: Clock;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID when the keys do not fit the algorithms */
  constructor(
    { issuer, audience, algorithms, keys }: SignedAnswerSettings,
    clockToleranceSeconds: number,
    { clock, onKeyChange }: SignedAnswerCollaborators,
  ) {
    this.#issuer = issuer;
    this.#audience = audience;
    this.#toleranceSeconds = clockToleranceSeconds;
    this.#headerRules = { algorithms: new Set(algorithms), acceptTyp: new Set([TYP]), allowMissingTyp: false };
    // Only the server names these keys, so nobody else can use up what it takes to look for new ones.
    const services = { clock, good: new GoodBefore({}, clock), onChange: onKeyChange };
    if (allowsShortSecret(keys)) {
      throw option.invalid(`${KEYS}.allowShortSecret`, 'is for tokens that users have already');
    }
    this.#keys = openKeySet(keys, KEYS, { issuer, algorithms }, services);
    this.#clock = clock;
  }

  get circuits(): readonly CircuitFigure[] {
    return this.#keys.circuits ?? [];
  }

  /**
   * What the server says about the token, or that the signature or what is signed is not right.
   * @throws {UpstreamError} when the issuer's keys cannot be had
   */
  async read(body: Buffer): Promise<FoundedAnswer | Unavailable> {
    const rules = { headerRules: this.#headerRules, keys: this.#keys, onKeyOffer: () => {} };
    const opened = await openJws(body.toString('latin1'), rules);
    if (isVerdict(opened)) return answerUnverified([opened.reason, opened.detail ?? []].flat().join(': '));
    // An access token is signed by the same keys (RFC 9701 8.1).
    const problem = opened.header.isAccessToken ? 'it is an access token' : this.#problemOf(opened.claims);
    if (problem !== undefined) return answerUnverified(problem);
    const { token_introspection: answer } = opened.claims;
    return typeof answer === 'object' && answer !== null && !Array.isArray(answer)
      ? { claims: answer as TokenClaims, basis: opened.key }
      : answerUnverified(`token_introspection is ${typeOf(answer)}`);
  }

  /** The key of this name, if it is one of the issuer's. */
  keyNamed(name: string): Basis | undefined {
    return this.#keys.keys.find((key) => key.name === name);
  }

  async start(): Promise<void> {
    await this.#keys.start?.();
  }

  async close(): Promise<void> {
    await this.#keys.close?.();
  }

  /** Why an answer is not of this issuer, not of just now or not for us. */
  #problemOf(sent: TokenClaims): string | undefined {
    const claims = readClaims(sent);
    const { iss, iat, aud } = claims;
    const mistyped = mistypedClaim(claims);
    if (mistyped !== undefined) return mistyped.detail;
    if (iss !== this.#issuer) return unlike('iss', iss, [this.#issuer]);
    const now = this.#clock.now() / 1_000;
    const age = now - (iat as number);
    const isFresh = age >= -this.#toleranceSeconds && age <= MAX_AGE_SECONDS + this.#toleranceSeconds;
    if (!isFresh) return `${said('iat', iat)}, now is ${now}: the answer is not of just now`;
    return audiencesOf(claims).includes(this.#audience) ? undefined : unlike('aud', aud, [this.#audience]);
  }
}
