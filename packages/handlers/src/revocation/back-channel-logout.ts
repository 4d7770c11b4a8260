import { hash } from 'node:crypto';
import { type Denied, denied, MemoryOnceStore, type Revocations, UpstreamError } from '@sallyport/core';
import {
  type CircuitFigure,
  type Clock,
  Expiring,
  GoodBefore,
  isVerdict,
  markOnce,
  type OnceStore,
  option,
  runInTurn,
  Shares,
  withoutCredentials,
} from '@sallyport/core/extend';
import { issuerIn, payloadOf } from '../jose/compact-jws.js';
import type { KeySet } from '../jose/key-set.js';
import { openJws } from '../jose/open-jws.js';
import { openKeySet } from '../keys/key-source.js';
import { unlike } from '../token/details.js';
import type { TokenClaims } from '../token/token-claims.js';
import {
  type BackChannelLogoutCollaborators,
  type BackChannelLogoutOptions,
  type BackChannelLogoutSettings,
  backChannelLogoutCollaborators,
  backChannelLogoutOptions,
} from './back-channel-logout-options.js';
import { Endpoint } from './endpoint.js';
import { DONE, type EndpointAnswer, failure, tryAgain } from './endpoint-answer.js';
import type { EndpointRequest } from './endpoint-request.js';
import type { LogoutIssuerSettings } from './logout-issuer.js';
import { type Logout, logoutOf } from './logout-token.js';
import { isUnreadable, onlyValue, readForm, unusableMember } from './received-form.js';
import { publishRevocationEvent } from './revocation-events.js';

interface OpenIssuer {
  readonly settings: LogoutIssuerSettings;
  readonly keys: KeySet;
}

/** What an issuer has signed. */
interface SignedLogout {
  readonly claims: TokenClaims;
  readonly settings: LogoutIssuerSettings;
}

/** Why something is refused, for the operator. */
interface Refusal {
  readonly reason: string;
  readonly detail?: string | undefined;
}

const REPLAYED: Refusal = { reason: 'logout_token_replayed' };
const PARAMETER = 'logout_token';
const INVALID = failure(400, 'invalid_request', 'The logout token is not valid.');

/** Logout tokens that are verified at once, and that wait for their turn. */
const SHARES = { running: 16, waiting: 256 } as const;
/** Logouts that were shared, so that a repetition is not shared again. */
const MAX_SHARED = 10_000;

/**
 * Receives the logout tokens of issuers (OpenID Connect Back-Channel Logout 1.0 2.5 to 2.8) and turns each into a revocation:
 * of the tokens of a session (`sid`), or of all tokens that its subject was issued up to then. Register its address as
 * `backchannel_logout_uri`. It needs no chain in front: the signature says who sent it.
 *
 * The answer is 200 when every instance was told. It is 503 when the keys, the once store or the revocation bus cannot be
 * reached, so that the issuer sends it again; this process refuses the tokens already.
 * @example
 * const logout = new BackChannelLogout(
 *   { issuers: [{ issuer: 'https://as.example', clientId: 'shop', algorithms: ['ES256'], keys: { discovery: true } }] },
 *   { revocations },
 * );
 * app.post('/backchannel-logout', (request, response) => logout.node(request, response));
 */
export class BackChannelLogout extends Endpoint {
  readonly #settings: BackChannelLogoutSettings;
  readonly #issuers = new Map<string, OpenIssuer>();
  readonly #clock: Clock;
  readonly #good: GoodBefore;
  readonly #revocations: Revocations;
  readonly #onceStore: OnceStore;
  readonly #shares = new Shares(SHARES);
  readonly #shared: Expiring<true>;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: BackChannelLogoutOptions, collaborators: BackChannelLogoutCollaborators) {
    const settings = backChannelLogoutOptions(options);
    super(settings.maxBodyBytes);
    this.#settings = settings;
    const services = backChannelLogoutCollaborators(collaborators);
    const { clock, revocations, onceStore = new MemoryOnceStore({}, { clock }) } = services;
    this.#clock = clock;
    this.#revocations = revocations;
    this.#onceStore = onceStore;
    this.#good = new GoodBefore({}, clock);
    this.#shared = new Expiring({ maxEntries: MAX_SHARED }, clock);
    const { issuers } = this.#settings;
    const owner = `${backChannelLogoutOptions.owner}.issuers`;
    if (issuers.length === 0) throw option.invalid(owner, 'must name at least one issuer');
    for (const [index, settings] of issuers.entries()) this.#add(settings, `${owner}[${index}]`);
  }

  /** Whether the keys of each issuer are fetched, or not for a while after failures. */
  get circuits(): readonly CircuitFigure[] {
    return [...this.#issuers.values()].flatMap(({ keys }) => keys.circuits ?? []);
  }

  /** Fetches the keys, so that the first logout does not wait. Issuers that cannot be reached are asked again later. */
  async start(): Promise<void> {
    const started = [...this.#issuers.values()].map(async ({ keys }) => keys.start?.());
    for (const result of await Promise.allSettled(started)) {
      if (result.status === 'rejected' && !(result.reason instanceof UpstreamError)) throw result.reason;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#issuers.values()].map(async ({ keys }) => keys.close?.()));
  }

  /** Never rejects for what was sent. */
  async receive(request: EndpointRequest): Promise<EndpointAnswer> {
    const form = readForm(request, this.#settings.maxBodyBytes);
    if (isUnreadable(form)) return this.#refuse(form, false, form.answer);
    const token = onlyValue(form, PARAMETER);
    if (typeof token === 'string')
      return this.#refuse({ reason: `logout_token_${token}` }, false, unusableMember(PARAMETER, token));
    try {
      const { remoteAddress: address } = request;
      const turn = { address, standing: this.#good.isNeighbour(address) ? 'neighbour' : 'stranger' } as const;
      const signed = await runInTurn(this.#shares, turn, () => this.#open(token.value, address));
      if (isVerdict(signed)) return this.#refuse(signed, false, INVALID);
      const logout = logoutOf(signed.claims, signed.settings, { ...this.#settings, now: this.#clock.now() / 1_000 });
      return isVerdict(logout) ? this.#refuse(logout, true, INVALID) : await this.#logOut(logout);
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      const detail = withoutCredentials(error.message, [token.value]);
      return this.#fail(error.code.toLowerCase(), detail, error.retryAfterSeconds);
    }
  }

  #add(settings: LogoutIssuerSettings, name: string): void {
    const { issuer } = settings;
    if (this.#issuers.has(issuer)) throw option.invalid(`${name}.issuer`, 'must not be that of another entry');
    const services = { clock: this.#clock, good: this.#good, onChange: () => {} };
    this.#issuers.set(issuer, { settings, keys: openKeySet(settings.keys, `${name}.keys`, settings, services) });
  }

  /** @throws {UpstreamError} when the issuer's keys cannot be had */
  async #open(token: string, address: string | undefined): Promise<SignedLogout | Denied> {
    const payload = payloadOf(token);
    const named = issuerIn(payload);
    const issuer = this.#issuers.get(named ?? '');
    if (issuer === undefined)
      return denied('issuer_unknown', { detail: unlike('iss', named, [...this.#issuers.keys()]) });
    const { settings, keys } = issuer;
    const headerRules = {
      algorithms: new Set<string>(settings.algorithms),
      acceptTyp: new Set(['logout+jwt', ...settings.acceptTyp]),
      allowMissingTyp: settings.allowMissingTyp,
      takesAccessTokens: false,
    };
    const opened = await openJws(token, { headerRules, keys, onKeyOffer: () => {}, address }, payload);
    if (isVerdict(opened)) return opened;
    this.#good.note(settings.issuer, address);
    return { claims: opened.claims, settings };
  }

  /**
   * Revokes first: it may be done twice, and a logout that was marked and then not shared would be refused when it is sent
   * again.
   */
  async #logOut(logout: Logout): Promise<EndpointAnswer> {
    const { issuer, jti, endsAt } = logout;
    const key = hash('sha256', JSON.stringify(['logout', issuer, jti]), 'base64url');
    if (this.#shared.has(key)) return this.#refuse(REPLAYED, true, INVALID);
    if (!(await this.#revoke(logout))) return this.#fail('revocation_unshared', undefined);
    const ttlSeconds = Math.max(1, endsAt - this.#clock.now() / 1_000 + 1);
    const { storeTimeoutMs: timeoutMs, secret } = this.#settings;
    const mark = { key, ttlSeconds, holder: issuer };
    const isFirst = await markOnce(this.#onceStore, mark, { clock: this.#clock, timeoutMs, secret });
    if (typeof isFirst !== 'boolean') return this.#fail(isFirst.reason, isFirst.detail, isFirst.retryAfterSeconds);
    this.#shared.set(key, true, ttlSeconds * 1_000);
    if (!isFirst) return this.#refuse(REPLAYED, true, INVALID);
    const { subject, session } = logout;
    publishRevocationEvent({ kind: 'logout_received', issuer, subject, ofSession: session !== undefined });
    return DONE;
  }

  /** True if every instance was told. */
  #revoke({ issuer, subject, session, issuedAt: at }: Logout): Promise<boolean> {
    if (session === undefined) return this.#revocations.revokeSubject(subject as string, { issuer, at });
    const { tokensWithoutSid } = (this.#issuers.get(issuer) as OpenIssuer).settings;
    const others = tokensWithoutSid === 'revoke' ? { subject, at } : {};
    return this.#revocations.revokeSession(session, { issuer, ...others });
  }

  #refuse({ reason, detail }: Refusal, isSigned: boolean, answer: EndpointAnswer): EndpointAnswer {
    publishRevocationEvent({ kind: 'logout_refused', reason, detail, isSigned });
    return answer;
  }

  #fail(reason: string, detail: string | undefined, retryAfterSeconds?: number): EndpointAnswer {
    publishRevocationEvent({ kind: 'logout_failed', reason, detail });
    return tryAgain(retryAfterSeconds);
  }
}
