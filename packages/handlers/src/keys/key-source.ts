import { type Clock, type GoodBefore, option, ownMember, ownMembers } from '@sallyport/core/extend';
import { isSymmetric } from '../jose/algorithms.js';
import { type KeySet, SingleKey, StaticKeySet } from '../jose/key-set.js';
import { type KeyOwner, revealsPrivateKey } from '../jose/verification-key.js';
import { OutboundClient } from '../outbound/outbound-client.js';
import { checkedEndpoint, type OutboundOptions } from '../outbound/outbound-options.js';
import {
  type ConfiguredPublicKey,
  type ConfiguredSecret,
  configuredPublicKey,
  configuredSecret,
} from './configured-key.js';
import { readKeySet } from './key-document.js';
import { KeyServer } from './key-server.js';
import { RemoteKeySet } from './remote-key-set.js';

/** Where an issuer's keys come from; exactly one source. */
export type KeySource = PublishedKeys | DiscoveredKeys | ConfiguredKeys | ConfiguredPublicKey | ConfiguredSecret;

/** How fetched keys are used. */
export interface RemoteKeyOptions {
  /** How long keys are used before they are fetched again, in seconds; `Cache-Control` may shorten it. 1 to 86 400, default 600. */
  readonly maxAgeSeconds?: number | undefined;
  /** How much longer they serve while the key server fails, in seconds. 0 to 86 400, default 3 600. */
  readonly maxStaleSeconds?: number | undefined;
  /**
   * The least time between fetches that unknown key identifiers from one network cause, in seconds. All strangers
   * together cause four in this time at most, and so do all networks from which good tokens came. 1 to 3 600, default 30.
   */
  readonly cooldownSeconds?: number | undefined;
  /** How the key server is called. */
  readonly outbound?: OutboundOptions | undefined;
}

/** A JWK set at an https URL (RFC 7517 5). */
export interface PublishedKeys extends RemoteKeyOptions {
  readonly jwksUri: string;
}

/** The JWK set that the issuer's metadata name (RFC 8414 2, OpenID Connect Discovery 4). */
export interface DiscoveredKeys extends RemoteKeyOptions {
  readonly discovery: true;
}

/** A JWK set that is part of the configuration. */
export interface ConfiguredKeys {
  readonly jwks: { readonly keys: readonly object[] };
}

/** The issuer of the keys, and their algorithms. */
export interface KeyPurpose {
  readonly issuer: string;
  readonly algorithms: readonly string[];
}

/** Services of the key sets of one handler. */
export interface KeySetCollaborators {
  readonly clock: Clock;
  /** Whose tokens were good before. */
  readonly good: GoodBefore;
  /** Called when the keys have changed: refused tokens may be good now. */
  readonly onChange: () => void;
  /** What the keys belong to, where that can end. */
  readonly owner?: KeyOwner | undefined;
}

const KINDS = ['jwksUri', 'discovery', 'jwks', 'publicKey', 'secret'] as const;

/**
 * Opens the keys of an issuer; nothing is fetched yet.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 */
export function openKeySet(
  source: KeySource,
  name: string,
  purpose: KeyPurpose,
  services: KeySetCollaborators,
): KeySet {
  if (typeof source !== 'object' || source === null) throw option.invalid(name, 'must be an object');
  const members: Partial<Record<(typeof KINDS)[number], unknown>> = ownMembers(source);
  const given = KINDS.filter((kind) => members[kind] !== undefined);
  if (given.length !== 1) throw option.invalid(name, `must have exactly one of ${KINDS.join(', ')}`);
  const takesSecrets = members.secret !== undefined;
  if (!purpose.algorithms.every((algorithm) => isSymmetric(algorithm) === takesSecrets)) {
    throw option.invalid(name, takesSecrets ? 'go with HMAC algorithms only' : 'go with public key algorithms only');
  }
  const owner = ownMember(services, 'owner');
  switch (given[0]) {
    case 'jwks':
      return configuredKeys(source as ConfiguredKeys, name, purpose, owner);
    case 'publicKey':
      return new SingleKey(configuredPublicKey(source as ConfiguredPublicKey, name, purpose.algorithms), owner);
    case 'secret':
      return new SingleKey(configuredSecret(source as ConfiguredSecret, name, purpose.algorithms), owner);
    default:
      return remoteKeys(source as PublishedKeys | DiscoveredKeys, name, purpose, services);
  }
}

function configuredKeys(source: ConfiguredKeys, name: string, purpose: KeyPurpose, owner?: KeyOwner): KeySet {
  const { jwks } = option.check(name, source, { jwks: option.unchecked<unknown>() });
  const members = (jwks as { keys?: unknown } | null | undefined)?.keys;
  // A server that verifies tokens must not be able to issue them; an `oct` key is a secret as well (RFC 7517 9.2).
  if (Array.isArray(members) && members.some(revealsPrivateKey)) throw option.invalid(`${name}.jwks`, 'must be public');
  const table = readKeySet(jwks, purpose);
  if (table === undefined || table.keys.length === 0) throw option.invalid(`${name}.jwks`, 'must hold a usable key');
  return new StaticKeySet(table, owner);
}

function remoteKeys(
  source: PublishedKeys | DiscoveredKeys,
  name: string,
  { issuer, algorithms }: KeyPurpose,
  services: KeySetCollaborators,
): KeySet {
  const { clock, good, onChange, owner } = ownMembers(services);
  const checked = option.check(name, source, {
    jwksUri: option.optional(option.text),
    discovery: option.optional(discoveryFlag),
    maxAgeSeconds: option.withDefault(option.between(1, 86_400), 600),
    maxStaleSeconds: option.withDefault(option.between(0, 86_400), 3_600),
    cooldownSeconds: option.withDefault(option.between(1, 3_600), 30),
    outbound: option.withDefault(option.unchecked<OutboundOptions>(), {}),
  });
  const client = new OutboundClient(checked.outbound, { clock });
  const endpoint = (url: string, option: string) => checkedEndpoint(url, option, client.settings);
  const jwksUri = checked.jwksUri === undefined ? undefined : endpoint(checked.jwksUri, `${name}.jwksUri`);
  if (jwksUri === undefined) endpoint(issuer, `the issuer of ${name}`);
  const lifetimes = {
    maxAgeMs: checked.maxAgeSeconds * 1_000,
    maxStaleMs: checked.maxStaleSeconds * 1_000,
    cooldownMs: checked.cooldownSeconds * 1_000,
  };
  const server = new KeyServer({ issuer, jwksUri }, { client });
  return new RemoteKeySet({ issuer, algorithms, lifetimes }, { server, clock, good, onChange, owner });
}

const discoveryFlag: option.Check<true> = (value, name) => {
  if (value !== true) throw option.invalid(name, 'must be true or left out');
  return value;
};
