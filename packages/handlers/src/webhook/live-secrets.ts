import { createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { option, Secret } from '@sallyport/core/extend';
import type { WebhookCredential } from './webhook-credential.js';
import type { SchemeSettings } from './webhook-scheme.js';

/** A short secret can be guessed by whoever has one delivery. */
const LEAST_BYTES = 16;
const MOST_SECRETS = 10;

type GivenSecret = string | Secret;

const oneSecret: option.Check<Secret, GivenSecret> = option.withSchema(option.text.schema, (value, name) =>
  value instanceof Secret ? value : new Secret(option.text(value, name)),
);

const ITEM = option.text.schema as option.Schema;

/** The option check of secrets: one, or a list of those that are live at once. */
export const liveSecrets: option.Check<readonly Secret[], GivenSecret | readonly GivenSecret[]> = option.withSchema(
  { anyOf: [ITEM, { type: 'array', items: ITEM, minItems: 1 }] },
  (value, name) => {
    if (!Array.isArray(value)) return Object.freeze([oneSecret(value, name)]);
    if (value.length === 0 || value.length > MOST_SECRETS) {
      throw option.invalid(name, `must be one secret, or a list of 1 to ${MOST_SECRETS}`);
    }
    return option.listOf(oneSecret)(value, name);
  },
);

/** The secrets that are live at once: while a secret is replaced, deliveries may be signed by the old or the new one. */
export class LiveSecrets {
  readonly #keys: readonly KeyObject[];
  readonly #scheme: SchemeSettings;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID */
  constructor(secrets: readonly Secret[], scheme: SchemeSettings, name: string) {
    this.#scheme = scheme;
    this.#keys = secrets.map((secret, index) => keyOf(secret.reveal(), scheme, `${name}.secrets[${index}]`));
  }

  get size(): number {
    return this.#keys.length;
  }

  /** Tries every secret with every signature, so the time does not tell which one fits. */
  haveSigned(credential: WebhookCredential, body: Uint8Array): boolean {
    const { signs, hash } = this.#scheme;
    let isRight = false;
    for (const key of this.#keys) {
      const expected = signs.hmac(hash, key, credential, body);
      for (const signature of credential.signatures) isRight = timingSafeEqual(expected, signature) || isRight;
    }
    return isRight;
  }
}

function keyOf(text: string, { secretPrefix = '', secretEncoding }: SchemeSettings, name: string): KeyObject {
  const written = text.startsWith(secretPrefix) ? text.slice(secretPrefix.length) : text;
  const bytes = Buffer.from(written, secretEncoding === 'base64' ? 'base64' : 'utf8');
  const unpadded = (each: string) => each.replace(/=+$/, '');
  if (secretEncoding === 'base64' && unpadded(bytes.toString('base64')) !== unpadded(written)) {
    throw option.invalid(name, `must be ${secretPrefix}… in base64`);
  }
  if (bytes.length < LEAST_BYTES) throw option.invalid(name, `must have at least ${LEAST_BYTES} bytes`);
  return createSecretKey(bytes);
}
