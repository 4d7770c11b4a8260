import type { Principal, Revocations, SecurityHandler, Verdict } from '@sallyport/core';
import {
  type CacheStatistics,
  type Challenge,
  type Clock,
  type CredentialSource,
  challenge,
  type Eventually,
  FoundedVerdict,
  isVerdict,
  keptPrivate,
  type LastingProof,
  type SecurityRequest,
  VerdictCache,
} from '@sallyport/core/extend';
import { KeyPlaces } from './api-key-credential.js';
import { API_KEY_FIXES } from './api-key-fixes.js';
import {
  type ApiKeyHandlerCollaborators,
  type ApiKeyHandlerOptions,
  apiKeyCollaborators,
  apiKeyOptions,
} from './api-key-options.js';
import { FLAWED, unknown, verdictOf } from './api-key-verdict.js';
import { ApiKeys } from './api-keys.js';
import { storeOf } from './configured-store.js';
import { KeyFormat } from './form/key-format.js';
import { KeyHashes } from './form/key-hashes.js';
import { KeyDirectory } from './key-directory.js';
import { KeyProof } from './key-proof.js';
import { LastUse } from './last-use.js';

/**
 * Authenticates by API keys that this library issues: with a prefix and a checksum by which scanners of repositories find them, two
 * texts while a key is rotated, an end, scopes, and the time of the last use. A text that is no key is refused before the store
 * is asked.
 * @example
 * const partners = new ApiKeyHandler({ prefix: 'acme', secret, store: new MemoryApiKeyStore() });
 * const { key } = await partners.keys.create({ subject: 'web-shop', scopes: ['orders:read'] });
 * const chain = new SecurityChain({ requirement: partners });
 */
export class ApiKeyHandler implements SecurityHandler<string> {
  readonly name: string;
  readonly challenges: readonly Challenge[];
  readonly source: readonly CredentialSource[];
  readonly fixes = API_KEY_FIXES;
  /** Issues, rotates and revokes the keys that this handler takes. */
  readonly keys: ApiKeys;
  readonly #places: KeyPlaces;
  readonly #format: KeyFormat;
  readonly #hashes: KeyHashes;
  readonly #directory: KeyDirectory;
  readonly #lastUse: LastUse;
  readonly #cache: VerdictCache;
  readonly #revocations: Revocations | undefined;
  readonly #clock: Clock;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: ApiKeyHandlerOptions, collaborators: ApiKeyHandlerCollaborators = {}) {
    const settings = apiKeyOptions(options);
    const { name, prefix, secret, header, realm, cache, storeTimeoutMs, lastUseSeconds } = settings;
    const services = apiKeyCollaborators(collaborators);
    const { clock, revocations } = services;
    const store = storeOf(settings.store, services);
    this.name = name;
    this.challenges = Object.freeze([challenge('ApiKey', { realm, header })]);
    this.keys = new ApiKeys({ prefix, secret }, { store, clock, revocations });
    this.#format = new KeyFormat(prefix);
    this.#places = new KeyPlaces(settings, this.#format);
    this.source = this.#places.sources;
    this.#hashes = new KeyHashes(secret);
    this.#directory = new KeyDirectory(store, storeTimeoutMs, clock);
    const usage = { handler: name, intervalSeconds: lastUseSeconds, timeoutMs: storeTimeoutMs };
    this.#lastUse = new LastUse(usage, { store, clock });
    this.#cache = new VerdictCache({ ...cache, namespace: name }, { clock, revocations });
    this.#revocations = revocations;
    this.#clock = clock;
  }

  /** What is remembered, and how often it was of use. */
  get statistics(): { readonly cache: CacheStatistics } {
    return Object.freeze({ cache: this.#cache.statistics });
  }

  extract(request: SecurityRequest): string | Verdict | undefined {
    return this.#places.textIn(request);
  }

  verify(key: string, request: SecurityRequest): Eventually<Verdict> {
    const verdict = this.#judge(key, request);
    return this.#places.isInQuery(request) ? keptPrivate(verdict) : verdict;
  }

  /** Remembered keys passed all checks of their text before. */
  #judge(key: string, request: SecurityRequest): Eventually<Verdict> {
    if (!this.#format.hasLengthOf(key)) return FLAWED.form;
    const known = this.#cache.find(key, request);
    if (known !== undefined) return known;
    const flaw = this.#format.flawOf(key);
    if (flaw !== undefined) return FLAWED[flaw];
    return this.#resolve(key, request);
  }

  /** Own method: a closure inside `#judge` would cost every cache hit an allocation (bench: api-keys). */
  #resolve(key: string, request: SecurityRequest): Eventually<Verdict> {
    return this.#cache.resolve(key, request, () => this.#lookUp(key));
  }

  /** Refuses a key that was revoked while the decision waited for something else. */
  recheck(key: string, principal: Principal): Verdict | undefined {
    return this.#cache.recheck(key, principal);
  }

  /**
   * Goes on until the key is revoked or its record says that this text has ended. Without `revocations` nobody tells which
   * key, so every change in the store ends it.
   */
  follow(key: string, principal: Principal): LastingProof {
    if (this.#revocations === undefined) return this.#cache.follow(key, principal);
    const proof = this.#revocations.follow(key, principal, 0);
    const init = { id: this.#format.idOf(key), hashes: this.#hashes.allOf(key), handler: this.name, proof };
    return new KeyProof(init, this.#directory, this.#clock);
  }

  async close(): Promise<void> {
    await this.#lastUse.settle();
  }

  /** Unknown ids cost as much as known ones: the hashes are compared in any case. */
  async #lookUp(key: string): Promise<Verdict | FoundedVerdict> {
    const { state } = this.#directory;
    const record = await this.#directory.find(this.#format.idOf(key));
    if (isVerdict(record)) return record;
    const hashes = (record?.secrets ?? []).map(({ hash }) => hash);
    const found = this.#hashes.find(key, hashes);
    if (record === undefined || found === undefined) return unknown(record);
    const verdict = verdictOf(record, found, this.#clock.now() / 1_000, this.name);
    if (verdict.kind !== 'authenticated') return verdict;
    this.#lastUse.note(record);
    return state === undefined ? verdict : new FoundedVerdict(verdict, state);
  }
}
