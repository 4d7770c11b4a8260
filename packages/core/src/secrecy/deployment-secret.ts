import * as option from '../options/options.js';

const MIN_LENGTH = 32;
/** While one secret is replaced by another. */
const MOST_LIVE = 2;

const ONE: option.Schema = { type: 'string', minLength: MIN_LENGTH };

/**
 * The option check of a secret that all instances of a deployment share. At least 32 characters, so that it cannot be
 * guessed. Two may be live while one is replaced by another: the first writes, both read. Give all instances the new one as
 * the second, then as the first, and take the old one away when nothing of it is left.
 */
export const deploymentSecretsCheck: option.Check<readonly string[], string | readonly string[]> = option.withSchema(
  { anyOf: [ONE, { type: 'array', items: ONE, minItems: 1 }] },
  (value, name) => {
    const secrets = Array.isArray(value) ? value : [value];
    if (secrets.length < 1 || secrets.length > MOST_LIVE) throw option.invalid(name, 'must be one secret, or two');
    return Object.freeze(secrets.map((secret) => longEnough(secret, name)));
  },
);

function longEnough(value: unknown, name: string): string {
  const secret = option.text(value, name);
  if (secret.length < MIN_LENGTH) throw option.invalid(name, `must have at least ${MIN_LENGTH} characters`);
  return secret;
}
