import { MemoryOnceStore, type SecurityHandler, type Verdict } from '@sallyport/core';
import {
  type Challenge,
  type Clock,
  challenge,
  type Eventually,
  markOnce,
  type OnceStore,
  type SecurityRequest,
} from '@sallyport/core/extend';
import { LiveSecrets } from './live-secrets.js';
import { readCredential, type WebhookCredential } from './webhook-credential.js';
import { WEBHOOK_FIXES } from './webhook-fixes.js';
import {
  type WebhookHandlerCollaborators,
  type WebhookHandlerOptions,
  type WebhookSettings,
  webhookCollaborators,
  webhookOptions,
  webhookSettings,
} from './webhook-options.js';
import { grantOf, mismatch, replayed, untimely } from './webhook-verdict.js';

/**
 * Authenticates deliveries of webhooks by their signature: an HMAC (RFC 2104) over the body, and over the time of the delivery
 * where the scheme has one. The principal is a workload; its claims are `id` and `timestamp`, where they are sent.
 *
 * @example
 * const stripe = new WebhookHandler({ scheme: 'stripe', secrets: 'whsec_…' });
 * const chain = new SecurityChain({ requirement: stripe });
 */
export class WebhookHandler implements SecurityHandler<WebhookCredential> {
  readonly name: string;
  readonly challenges: readonly Challenge[];
  readonly source: string;
  readonly fixes = WEBHOOK_FIXES;
  readonly #settings: WebhookSettings;
  readonly #secrets: LiveSecrets;
  readonly #clock: Clock;
  readonly #onceStore: OnceStore;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: WebhookHandlerOptions, collaborators: WebhookHandlerCollaborators = {}) {
    this.#settings = webhookSettings(options);
    const { clock, onceStore = new MemoryOnceStore({}, { clock }) } = webhookCollaborators(collaborators);
    const { name, realm, scheme, secrets, rememberedSeconds } = this.#settings;
    if (scheme.hasTime && rememberedSeconds === undefined) {
      process.emitWarning(`${name} takes the same delivery again while its time is good (replays)`, 'SallyportWarning');
    }
    this.name = name;
    this.challenges = Object.freeze([challenge('Webhook', { realm, header: scheme.signatureHeader })]);
    this.source = `header:${scheme.signatureHeader.toLowerCase()}`;
    this.#secrets = new LiveSecrets(secrets, scheme, webhookOptions.owner);
    this.#clock = clock;
    this.#onceStore = onceStore;
  }

  extract(request: SecurityRequest): WebhookCredential | Verdict | undefined {
    return readCredential(this.#settings.scheme, request);
  }

  /** Judges the time alone, so that no body is read for what is too old. The signature is over the body. */
  verify(credential: WebhookCredential): Verdict {
    return untimely(credential, this.#settings, this.#clock.now() / 1_000) ?? grantOf(credential, this.#settings);
  }

  verifyBody(credential: WebhookCredential, body: Uint8Array): Eventually<Verdict> {
    if (!this.#secrets.haveSigned(credential, body)) return mismatch(credential, body, this.#secrets.size);
    const { rememberedSeconds } = this.#settings;
    // Only what is signed is marked: others could fill the store, or mark a delivery before it comes.
    return rememberedSeconds === undefined
      ? grantOf(credential, this.#settings)
      : this.#firstTime(credential, body, rememberedSeconds);
  }

  /**
   * What is marked is what was signed, and not a signature: the same delivery may carry several. The secrets do not count
   * either, so that instances agree while one is replaced.
   */
  #firstTime(credential: WebhookCredential, body: Uint8Array, ttlSeconds: number): Eventually<Verdict> {
    const { name, scheme, storeTimeoutMs: timeoutMs, deploymentSecret: secret } = this.#settings;
    const key = scheme.signs.nameOf(`webhook\0${name}\0`, credential, body);
    const mark = { key, ttlSeconds, holder: name };
    const marked = markOnce(this.#onceStore, mark, { clock: this.#clock, timeoutMs, secret });
    const verdictOf = (answer: Awaited<typeof marked>): Verdict => {
      if (typeof answer !== 'boolean') return answer;
      return answer ? grantOf(credential, this.#settings) : replayed(ttlSeconds);
    };
    return marked instanceof Promise ? marked.then(verdictOf) : verdictOf(marked);
  }
}
