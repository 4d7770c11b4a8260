import { randomBytes } from 'node:crypto';
import { clockOption } from '../../clock/clock.js';
import { UpstreamError } from '../../errors/errors.js';
import { publishCacheEvent } from '../../events/cache-events.js';
import * as option from '../../options/options.js';
import { deploymentSecretsCheck } from '../../secrecy/deployment-secret.js';
import type { OnceStore } from '../once-store.js';
import { CommandBudget } from './client/command-budget.js';
import { redisClient } from './client/redis-client.js';
import type { RedisCommands } from './client/redis-commands.js';
import { evictionPolicyIn } from './eviction-policy.js';
import { type Epoch, ONCE, type OnceReply, onceReplyOf } from './once-script.js';
import { SLOT_TAGS, SlotNamer } from './slot-names.js';

export const REDIS_ONCE_STORE = option.table('RedisOnceStoreOptions', {
  /** The beginning of every key. */
  prefix: option.withDefault(option.text, 'sallyport:'),
  /** The same on all instances; at least 32 characters. Keys are hashes that nobody can make without it. Two while one is replaced. */
  secret: deploymentSecretsCheck,
  /** The longest time of a command, in milliseconds; after that the store throws. */
  timeoutMs: option.withDefault(option.between(1, 5_000), 50),
  /** The most commands that may wait for a reply at once; further ones throw. */
  maxPending: option.withDefault(option.between(1, 100_000), 1_000),
  /**
   * Whether no restart and no failover can lose a mark: Redis writes each to disk before it answers (`appendonly yes`,
   * `appendfsync always`), and no replica takes over. The default is the safe side: marks of an earlier run may be lost.
   */
  survivesRestarts: option.withDefault(option.flag, false),
});

export interface RedisOnceStoreOptions extends option.Given<typeof REDIS_ONCE_STORE> {}

export const REDIS_ONCE_STORE_COLLABORATORS = option.table('RedisOnceStoreCollaborators', {
  /** A client of node-redis or ioredis, single or Cluster. The store does not close it. */
  client: redisClient,
  clock: clockOption,
});

/** Services of the store. */
export interface RedisOnceStoreCollaborators extends option.Given<typeof REDIS_ONCE_STORE_COLLABORATORS> {}

/** For `establish`, in milliseconds: no request waits for it. */
const PATIENT_MS = 5_000;

/** What was not seen yet is older and shorter than anything. */
const UNSEEN: Epoch = { id: '', since: -1, marks: 0 };

/**
 * A once store in Redis 7. A Redis that does not answer in time, or answers with an error, is an error: the request gets 503.
 * Redis may lose marks: by a restart, a flush, an older snapshot, a failover. The store notices it by the epochs that it keeps
 * beside the marks. From then on a mark is an error for as long as it would last, because it might be a repetition, unless it is
 * known to be newer. A Redis that is new looks the same: call `establish` once when you set it up.
 * Give Redis the policy `noeviction`; with another one it drops marks and nobody notices, so the store tells
 * (`once_marks_evictable`).
 * @example
 * const client = createClient();
 * await client.connect();
 * const onceStore = new RedisOnceStore({ secret }, { client });
 * const stripe = new WebhookHandler({ scheme: 'stripe', secrets: 'whsec_…' }, { onceStore });
 */
export class RedisOnceStore implements OnceStore {
  readonly #prefix: string;
  readonly #names: SlotNamer;
  readonly #client: RedisCommands;
  readonly #budget: CommandBudget;
  readonly #patient: CommandBudget;
  readonly #survivesRestarts: boolean;
  /** The epochs by their slots, as they were seen last. */
  readonly #seen = new Map<string, Epoch>();
  #knowsPolicy = false;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: RedisOnceStoreOptions, collaborators: RedisOnceStoreCollaborators) {
    const checked = REDIS_ONCE_STORE(options);
    const services = REDIS_ONCE_STORE_COLLABORATORS(collaborators);
    this.#prefix = checked.prefix;
    this.#names = new SlotNamer(checked, 'once');
    this.#client = services.client;
    this.#budget = new CommandBudget(checked, services);
    this.#patient = new CommandBudget({ ...checked, timeoutMs: PATIENT_MS }, services);
    this.#survivesRestarts = checked.survivesRestarts;
    this.#tellPolicy();
  }

  /**
   * @throws {TypeError} if the time is no number above 0
   * @throws {UpstreamError} ERR_SALLYPORT_MARKS_LOST; ERR_SALLYPORT_UPSTREAM_* when Redis does not answer
   */
  async mark(key: string, ttlSeconds: number, _holder?: string, ageSeconds: number = ttlSeconds): Promise<boolean> {
    if (!(ttlSeconds > 0)) throw new TypeError('a mark lasts for more than 0 seconds');
    this.#tellPolicy();
    const { tag, names } = this.#names.of(key);
    const times = { ttlMs: Math.ceil(ttlSeconds * 1_000), ageMs: Math.ceil(ageSeconds * 1_000), since: 'now' } as const;
    const reply = await this.#ask(tag, names, times, this.#budget);
    if (reply.isNewEpoch) this.#noteLost();
    if (reply.answer === 'unsure') throw lost(reply.unsureMs);
    return reply.answer === 'first';
  }

  /**
   * Tells the store that nothing can have been marked in this Redis before, so that marks are good at once. Call it when you
   * set up a new Redis, and never at each start: after a loss it would let everything pass a second time. Where epochs stand
   * already, they stay.
   * @throws {UpstreamError} ERR_SALLYPORT_UPSTREAM_* when Redis does not answer
   */
  async establish(): Promise<void> {
    await Promise.all(SLOT_TAGS.map((tag) => this.#ask(tag, [], { ttlMs: 0, since: 0 }, this.#patient)));
  }

  async #ask(
    tag: string,
    names: readonly string[],
    { ttlMs, ageMs = ttlMs, since }: { ttlMs: number; ageMs?: number; since: 'now' | 0 },
    budget: CommandBudget,
  ): Promise<OnceReply> {
    const { id, since: seenSince, marks } = this.#seen.get(tag) ?? UNSEEN;
    const survives = Number(this.#survivesRestarts);
    const given = [ttlMs, randomBytes(12).toString('base64url'), since, id, seenSince, marks, ageMs, survives];
    const keys = [this.#names.inSlot(tag, 'epoch'), ...names] as const;
    const reply = onceReplyOf(await budget.ask(() => ONCE.run(this.#client, keys, given)));
    this.#noteSeen(tag, reply.epoch);
    return reply;
  }

  /** Replies may overtake each other. */
  #noteSeen(tag: string, epoch: Epoch): void {
    const { id, since, marks } = this.#seen.get(tag) ?? UNSEEN;
    if (epoch.id === id ? epoch.marks > marks : epoch.since > since) this.#seen.set(tag, epoch);
  }

  /** Looks after the other slots as well: what was lost in them is then as old as this, and no older. */
  #noteLost(): void {
    publishCacheEvent({ kind: 'once_marks_lost', prefix: this.#prefix });
    for (const tag of SLOT_TAGS) this.#ask(tag, [], { ttlMs: 0, since: 'now' }, this.#patient).catch(() => {});
  }

  /** Once, as soon as Redis answers; where it may not be asked, nothing is told. */
  async #tellPolicy(): Promise<void> {
    if (this.#knowsPolicy || !this.#client.isReady) return;
    this.#knowsPolicy = true;
    const name = this.#names.inSlot(SLOT_TAGS[0] as string, 'epoch');
    const policy = evictionPolicyIn(await this.#budget.run(() => this.#client.send(name, ['INFO', 'memory'])));
    if (policy !== undefined) publishCacheEvent({ kind: 'once_marks_evictable', prefix: this.#prefix, policy });
  }
}

function lost(unsureMs: number): UpstreamError {
  return new UpstreamError('ERR_SALLYPORT_MARKS_LOST', 'Redis is new or has lost marks: this may be a repetition', {
    retryAfterSeconds: Math.ceil(unsureMs / 1_000),
  });
}
