import { clockOption, deploymentSecretsCheck, onceStoreCheck, option } from '@sallyport/core/extend';
import { liveSecrets } from './live-secrets.js';
import { type NamedScheme, namedScheme } from './vendor-schemes.js';

const WEBHOOK = option.table('WebhookHandlerOptions', {
  /** Names this handler in requirements, traces and logs. */
  name: option.withDefault(option.text, 'webhook'),
  /** How deliveries are signed: the name of a vendor, or a scheme of your own. */
  scheme: namedScheme,
  /**
   * The secret that vendor and application share, of 16 bytes or more. While it is replaced, the old and the new one: a list of
   * at most 10.
   */
  secrets: liveSecrets,
  /** The subject of the principal. Default: the name of the vendor, or of this handler. */
  subject: option.optional(option.text),
  /** What the challenge of a 401 says is protected. Default: nothing. */
  realm: option.optional(option.text),
  /**
   * How far the time of a delivery may differ from the clock, in seconds. Only for schemes with a time. Default 300.
   */
  toleranceSeconds: option.optional(option.between(1, 86_400)),
  /**
   * Whether a delivery that was granted before is refused when it comes again, byte by byte. Default: `refuse` for schemes
   * with a time, whose vendors sign each attempt anew; otherwise `allow`, because GitHub and Shopify repeat the same bytes on
   * purpose when a delivery has failed. With a time, `allow` warns at start.
   */
  replays: option.optional(option.oneOf('refuse', 'allow')),
  /**
   * How long a delivery is remembered where replays are refused, in seconds. Only for schemes without a time: with a time, it
   * is remembered for as long as that would be accepted. Default 86 400.
   */
  replayWindowSeconds: option.optional(option.between(1, 2_592_000)),
  /** How long the once store may take, in milliseconds, before the answer is 503. */
  storeTimeoutMs: option.withDefault(option.between(1, 5_000), 50),
  /**
   * The secret of the deployment, so that who reads the once store cannot tell which delivery was there; at least 32
   * characters, the same on all instances. Two while one is replaced. Not needed with a `RedisOnceStore`, which has its own.
   */
  deploymentSecret: option.optional(deploymentSecretsCheck),
});

export interface WebhookHandlerOptions extends option.Given<typeof WEBHOOK> {}

/** The options after all checks, with the defaults that depend on the scheme. */
export interface WebhookSettings extends Omit<option.Kept<typeof WEBHOOK>, 'replays' | 'replayWindowSeconds'> {
  readonly scheme: NamedScheme;
  readonly subject: string;
  readonly toleranceSeconds: number;
  /** How long a delivery is remembered, in seconds; undefined where replays are allowed. */
  readonly rememberedSeconds: number | undefined;
}

const TOLERANCE_SECONDS = 300;
const WINDOW_SECONDS = 86_400;

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function webhookSettings(options: WebhookHandlerOptions): WebhookSettings {
  const { replays, replayWindowSeconds, ...given } = WEBHOOK(options);
  const { scheme, name, subject = scheme.vendor ?? name, toleranceSeconds = TOLERANCE_SECONDS } = given;
  const { hasTime } = scheme;
  if (!hasTime && given.toleranceSeconds !== undefined) throw unfit('toleranceSeconds', 'its deliveries have no time');
  if (replayWindowSeconds !== undefined && (hasTime || replays !== 'refuse')) {
    throw unfit('replayWindowSeconds', hasTime ? 'toleranceSeconds says it' : "it is for replays: 'refuse'");
  }
  // A time may be ahead by the tolerance and is accepted until it is behind by as much, both ends included.
  const window = hasTime ? 2 * toleranceSeconds + 1 : (replayWindowSeconds ?? WINDOW_SECONDS);
  const isRefused = (replays ?? (hasTime ? 'refuse' : 'allow')) === 'refuse';
  return { ...given, subject, toleranceSeconds, rememberedSeconds: isRefused ? window : undefined };
}

function unfit(name: string, why: string) {
  return option.invalid(`${WEBHOOK.owner}.${name}`, `must be absent with this scheme: ${why}`);
}

export const webhookOptions: option.Table<option.Kept<typeof WEBHOOK>, WebhookHandlerOptions> = WEBHOOK;

const COLLABORATORS = option.table('WebhookHandlerCollaborators', {
  clock: clockOption,
  /**
   * Remembers deliveries where replays are refused. Default: a `MemoryOnceStore`; with several instances, give one that they
   * share.
   */
  onceStore: option.optional(onceStoreCheck),
});

/** Services of a webhook handler. */
export interface WebhookHandlerCollaborators extends option.Given<typeof COLLABORATORS> {}

export const webhookCollaborators: option.Table<
  option.Kept<typeof COLLABORATORS>,
  WebhookHandlerCollaborators
> = COLLABORATORS;
