import { type Clock, type GoodBefore, option, ownMembers } from '@sallyport/core/extend';
import { isSymmetric } from '../jose/algorithms.js';
import { type KeySet, SingleKey, StaticKeySet } from '../jose/key-set.js';
import { revealsPrivateKey } from '../jose/published-key.js';
import type { KeyOwner } from '../jose/verification-key.js';
import { OutboundClient } from '../outbound/outbound-client.js';
import {
  checkedEndpoint,
  type OutboundOptions,
  type OutboundSettings,
  outboundOptions,
} from '../outbound/outbound-options.js';
import {
  type ConfiguredPublicKey,
  type ConfiguredSecret,
  configuredPublicKey,
  configuredSecret,
  keyFrom,
  type PublicKeySettings,
  type SecretSettings,
} from './configured-key.js';
import { readKeySet } from './key-document.js';
import { KeyServer } from './key-server.js';
import { RemoteKeySet } from './remote-key-set.js';

const REMOTE_KEYS = {
  /** How long keys are used before they are fetched again, in seconds; `Cache-Control` may shorten it. */
  maxAgeSeconds: option.withDefault(option.between(1, 86_400), 600),
  /** How much longer they serve while the key server fails, in seconds. */
  maxStaleSeconds: option.withDefault(option.between(0, 86_400), 3_600),
  /**
   * The least time between fetches that unknown key identifiers from one network cause, in seconds. All strangers
   * together cause four in this time at most, and so do all networks from which good tokens came.
   */
  cooldownSeconds: option.withDefault(option.between(1, 3_600), 30),
  /** How the key server is called. */
  outbound: option.group<OutboundSettings, OutboundOptions>(outboundOptions),
} as const;

/** How fetched keys are used. */
export interface RemoteKeyOptions extends option.Given<option.TableOf<typeof REMOTE_KEYS>> {}

export const PUBLISHED_KEYS = option.table('PublishedKeys', {
  /** An https URL. A map from key identifiers to certificates in PEM is read as well. */
  jwksUri: option.text,
  ...REMOTE_KEYS,
});

/** A JWK set at an https URL (RFC 7517 5). */
export interface PublishedKeys extends option.Given<typeof PUBLISHED_KEYS> {}

const discovery = option.withSchema<true>({ type: 'boolean', enum: [true] }, (value, name) => {
  if (value !== true) throw option.invalid(name, 'must be true or left out');
  return value;
});

export const DISCOVERED_KEYS = option.table('DiscoveredKeys', {
  /** Tells this form from the others. */
  discovery,
  /**
   * Where the metadata are, if that does not follow from the issuer, such as an address inside a network. They have to name
   * the issuer all the same (RFC 8414 3.3).
   */
  metadataUrl: option.optional(option.text),
  ...REMOTE_KEYS,
});

/** The JWK set that the issuer's metadata name (RFC 8414 2, OpenID Connect Discovery 4). */
export interface DiscoveredKeys extends option.Given<typeof DISCOVERED_KEYS> {}

const JWKS: option.Schema = {
  type: 'object',
  properties: { keys: { type: 'array', items: { type: 'object' }, minItems: 1 } },
  required: ['keys'],
};

/** A server that verifies tokens must not be able to issue them; an `oct` key is a secret as well (RFC 7517 9.2). */
const jwks = option.withSchema<{ readonly keys: readonly object[] }>(JWKS, (value, name) => {
  const set = value as { readonly keys: readonly object[] };
  const { keys: members } = set ?? {};
  if (Array.isArray(members) && members.some(revealsPrivateKey)) throw option.invalid(name, 'must be public');
  return set;
});

export const CONFIGURED_KEYS = option.table('ConfiguredKeys', {
  /** The keys as they would be published (RFC 7517 5), without private members. */
  jwks,
});

/** A JWK set that is part of the configuration. */
export interface ConfiguredKeys extends option.Given<typeof CONFIGURED_KEYS> {}

/** Where an issuer's keys come from; exactly one source. */
export type KeySource = PublishedKeys | DiscoveredKeys | ConfiguredKeys | ConfiguredPublicKey | ConfiguredSecret;

interface PublishedKeysSettings extends option.Kept<typeof PUBLISHED_KEYS> {}
interface DiscoveredKeysSettings extends option.Kept<typeof DISCOVERED_KEYS> {}

export type KeySourceSettings =
  | PublishedKeysSettings
  | DiscoveredKeysSettings
  | ConfiguredKeys
  | PublicKeySettings
  | SecretSettings;

export const keySource = option.byMember<KeySourceSettings, KeySource>({
  jwksUri: PUBLISHED_KEYS,
  discovery: DISCOVERED_KEYS,
  jwks: CONFIGURED_KEYS,
  publicKey: configuredPublicKey,
  secret: configuredSecret,
});

/** Whether the keys are a secret that may be too short. */
export function allowsShortSecret(keys: KeySourceSettings): boolean {
  const source = ownMembers(keys);
  return 'secret' in source && source.allowShortSecret;
}

/** The issuer of the keys, and their algorithms. */
export interface KeyPurpose {
  readonly issuer: string;
  readonly algorithms: readonly string[];
}

/** Services of the key sets of one handler. */
export interface KeySetCollaborators {
  readonly clock: Clock;
  /** Knows whose tokens were good before. */
  readonly good: GoodBefore;
  /** Called when the keys have changed: refused tokens may be good now. */
  readonly onChange: () => void;
  /** The owner of the keys, if it can end. */
  readonly owner?: KeyOwner | undefined;
}

/**
 * Opens the keys of an issuer; nothing is fetched yet.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID when the keys do not fit the algorithms
 */
export function openKeySet(
  settings: KeySourceSettings,
  name: string,
  purpose: KeyPurpose,
  services: KeySetCollaborators,
): KeySet {
  const source = ownMembers(settings);
  const takesSecrets = 'secret' in source;
  if (!purpose.algorithms.every((algorithm) => isSymmetric(algorithm) === takesSecrets)) {
    throw option.invalid(name, takesSecrets ? 'go with HMAC algorithms only' : 'go with public key algorithms only');
  }
  const { owner } = ownMembers(services);
  if ('jwks' in source) return configuredKeys(source, name, purpose, owner);
  if ('secret' in source || 'publicKey' in source)
    return new SingleKey(keyFrom(source, name, purpose.algorithms), owner);
  return remoteKeys(source, name, purpose, services);
}

function configuredKeys({ jwks }: ConfiguredKeys, name: string, purpose: KeyPurpose, owner?: KeyOwner): KeySet {
  const table = readKeySet(jwks, purpose);
  if (table === undefined || table.keys.length === 0) throw option.invalid(`${name}.jwks`, 'must hold a usable key');
  return new StaticKeySet(table, owner);
}

function remoteKeys(
  source: PublishedKeysSettings | DiscoveredKeysSettings,
  name: string,
  { issuer, algorithms }: KeyPurpose,
  services: KeySetCollaborators,
): KeySet {
  const { clock, good, onChange, owner } = ownMembers(services);
  const client = new OutboundClient(source.outbound, { clock });
  const endpoint = (url: string, option: string) => checkedEndpoint(url, option, client.settings);
  const jwksUri = 'jwksUri' in source ? endpoint(source.jwksUri, `${name}.jwksUri`) : undefined;
  const metadataUrl = 'metadataUrl' in source ? source.metadataUrl : undefined;
  const url = metadataUrl === undefined ? undefined : endpoint(metadataUrl, `${name}.metadataUrl`);
  if (jwksUri === undefined && url === undefined) endpoint(issuer, `the issuer of ${name}`);
  const lifetimes = {
    maxAgeMs: source.maxAgeSeconds * 1_000,
    maxStaleMs: source.maxStaleSeconds * 1_000,
    cooldownMs: source.cooldownSeconds * 1_000,
  };
  const server = new KeyServer(jwksUri, { issuer, url }, { client });
  return new RemoteKeySet({ issuer, algorithms, lifetimes }, { server, clock, good, onChange, owner });
}
