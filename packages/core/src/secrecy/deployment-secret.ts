import * as option from '../options/options.js';

const MIN_LENGTH = 32;

/**
 * The option check of a secret that all instances of a deployment share. At least 32 characters, so that it cannot be
 * guessed.
 */
export const deploymentSecret: option.Check<string> = option.withSchema(
  { type: 'string', minLength: MIN_LENGTH },
  (value, name) => {
    const secret = option.text(value, name);
    if (secret.length < MIN_LENGTH) throw option.invalid(name, `must have at least ${MIN_LENGTH} characters`);
    return secret;
  },
);
