import {
  clockOption,
  credentialPlace,
  fieldNameCheck,
  option,
  revocationsCheck,
  type VerdictCacheOptions,
  verdictCacheOptions,
} from '@sallyport/core/extend';
import { apiKeysOptions } from './api-keys.js';
import { keyStore } from './configured-store.js';

/** How long proved keys are remembered, and how many. */
export type RememberedKeyOptions = Omit<VerdictCacheOptions, 'namespace' | 'secret'>;

type RememberedKeySettings = Omit<option.Kept<typeof verdictCacheOptions>, 'namespace' | 'secret'>;

const parameterName = option.withSchema({ type: 'string', pattern: '^[!-~]+$' }, (value, name) => {
  const parameter = option.text(value, name);
  if (credentialPlace(`query:${parameter}`) === undefined)
    throw option.invalid(name, 'must be of visible ASCII characters');
  return parameter;
});

const API_KEY = option.table('ApiKeyHandlerOptions', {
  /** Names this handler in requirements, traces and logs. */
  name: option.withDefault(option.text, 'api-key'),
  /** Where keys are kept: a store, or a file (`{ file: { path } }`). */
  store: keyStore,
  /** The header field that carries the key. */
  header: option.withDefault(fieldNameCheck, 'X-API-Key'),
  /**
   * Takes only what has the form of its keys from that header, and leaves the rest to other handlers of it, such as those of keys
   * that were issued before. What no handler takes is refused, also where credentials are optional.
   */
  selective: option.withDefault(option.flag, false),
  /** Takes keys that are the user name of Basic credentials, too: `curl -u KEY:`. */
  basicUser: option.withDefault(option.flag, true),
  /** Takes keys that follow the scheme Bearer, too. Other tokens are left to other handlers. */
  bearer: option.withDefault(option.flag, false),
  /**
   * The query parameter that carries the key, too. Weakens: addresses end up in logs and histories (RFC 6750 5.3). Default: none
   * does.
   */
  query: option.optional(parameterName),
  /** What the challenge of a 401 says is protected. Default: nothing. */
  realm: option.optional(option.text),
  /** How proved keys are remembered. */
  cache: option.group<RememberedKeySettings, RememberedKeyOptions>(
    // No more lookups than a store over the network lets wait: a flood of strangers then leaves places for others.
    option.withDefaults(option.without(verdictCacheOptions, 'namespace', 'secret'), { maxFlights: 500 }),
  ),
  /** How long the store may take, in milliseconds. After that the answer is 503. */
  storeTimeoutMs: option.withDefault(option.between(1, 60_000), 2_000),
  /**
   * How exact the time of the last use is, in seconds: it is written to the store no more often. A key that is remembered counts as
   * used when it was looked up. 0 writes nothing.
   */
  lastUseSeconds: option.withDefault(option.between(0, 86_400), 60),
});

const API_KEY_OF_ISSUER = option.merged(apiKeysOptions, API_KEY);

export interface ApiKeyHandlerOptions extends option.Given<typeof API_KEY_OF_ISSUER> {}

export const apiKeyOptions: option.Table<
  option.Kept<typeof API_KEY_OF_ISSUER>,
  ApiKeyHandlerOptions
> = API_KEY_OF_ISSUER;

const COLLABORATORS = option.table('ApiKeyHandlerCollaborators', {
  clock: clockOption,
  /** The base of relative paths in `store.file`. */
  directory: option.withDefault(option.text, '.'),
  /** What has been revoked: keys by their id (`jti`), clients and subjects. */
  revocations: option.optional(revocationsCheck),
});

/** Services of an API key handler. */
export interface ApiKeyHandlerCollaborators extends option.Given<typeof COLLABORATORS> {}

export const apiKeyCollaborators: option.Table<
  option.Kept<typeof COLLABORATORS>,
  ApiKeyHandlerCollaborators
> = COLLABORATORS;
