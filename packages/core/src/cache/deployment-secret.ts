import { invalid, type OptionCheck, text } from '../options.js';

const MIN_LENGTH = 32;

/** The option check of a secret that all instances of a deployment share: long enough not to be guessed. */
export const deploymentSecret: OptionCheck<string> = (value, name) => {
  const secret = text(value, name);
  if (secret.length < MIN_LENGTH) throw invalid(name, `must have at least ${MIN_LENGTH} characters`);
  return secret;
};
