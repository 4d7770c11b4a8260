import { clockOption } from '../../clock/clock.js';
import { UpstreamError } from '../../errors/errors.js';
import * as option from '../../options/options.js';
import { deploymentSecretsCheck } from '../../secrecy/deployment-secret.js';
import type { Count, CounterStore } from '../counter-store.js';
import { CommandBudget } from './client/command-budget.js';
import { redisClient } from './client/redis-client.js';
import type { RedisCommands } from './client/redis-commands.js';
import { RedisScript } from './client/redis-script.js';
import { SlotNamer } from './slot-names.js';

export const REDIS_COUNTER_STORE = option.table('RedisCounterStoreOptions', {
  /** The beginning of every key. */
  prefix: option.withDefault(option.text, 'sallyport:'),
  /** The same on all instances; at least 32 characters. Keys are hashes that nobody can make without it. Two while one is replaced. */
  secret: deploymentSecretsCheck,
  /** The longest time of a command, in milliseconds; after that the store throws. */
  timeoutMs: option.withDefault(option.between(1, 5_000), 50),
  /** The most commands that may wait for a reply at once; further ones throw. */
  maxPending: option.withDefault(option.between(1, 100_000), 1_000),
});

export interface RedisCounterStoreOptions extends option.Given<typeof REDIS_COUNTER_STORE> {}

export const REDIS_COUNTER_STORE_COLLABORATORS = option.table('RedisCounterStoreCollaborators', {
  /** A client of node-redis or ioredis, single or Cluster. The store does not close it. */
  client: redisClient,
  clock: clockOption,
});

/** Services of the store. */
export interface RedisCounterStoreCollaborators extends option.Given<typeof REDIS_COUNTER_STORE_COLLABORATORS> {}

/**
 * Whatever else stands under a key is no count: it is overwritten, so that a store with odd values works again by itself. A
 * count without an end gets one.
 */
const COUNT = `local function count(key)
  if redis.call('TYPE', key).ok ~= 'string' then return 0, 0 end
  local value = redis.call('GET', key)
  if not string.match(value, '^[1-9]%d?%d?%d?%d?%d?%d?%d?%d?%d?%d?%d?$') then return 0, 0 end
  return tonumber(value), redis.call('PTTL', key)
end
local value, left = count(KEYS[1])
`;
// While a secret is replaced, other instances may count under the other one: KEYS[2].

const ADD =
  new RedisScript(`${COUNT}local window, amount, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if left == 0 then value = 0 end
local sum, longest = value + amount, left
if KEYS[2] then
  local other, otherLeft = count(KEYS[2])
  sum, longest = sum + other, math.max(left, otherLeft)
end
if most and sum > most then return {sum, math.max(longest, 0)} end
if value == 0 then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', window)
  return {sum, math.max(longest, window)}
end
redis.call('INCRBY', KEYS[1], ARGV[2])
if left < 0 then redis.call('PEXPIRE', KEYS[1], window); longest = math.max(longest, window) end
return {sum, longest}`);

const GET = new RedisScript(`${COUNT}if KEYS[2] then
  local other, otherLeft = count(KEYS[2])
  value, left = value + other, math.max(left, otherLeft)
end
return {value, left}`);

/**
 * A counter store in Redis 7. Each addition is one step in Redis, whoever else counts. A Redis that does not answer in time, or
 * answers with an error, is an error: callers then have their own way, such as `whenStoreFails`. Counts that Redis loses
 * begin anew: where that must not happen, let it write to disk, and give it the policy `noeviction`.
 * @example
 * const client = createClient();
 * await client.connect();
 * const counterStore = new RedisCounterStore({ secret }, { client });
 * const users = new BasicHandler({ realm: 'orders', users: accounts }, { counterStore });
 */
export class RedisCounterStore implements CounterStore {
  readonly #names: SlotNamer;
  readonly #client: RedisCommands;
  readonly #budget: CommandBudget;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: RedisCounterStoreOptions, collaborators: RedisCounterStoreCollaborators) {
    const checked = REDIS_COUNTER_STORE(options);
    const services = REDIS_COUNTER_STORE_COLLABORATORS(collaborators);
    this.#names = new SlotNamer(checked, 'count');
    this.#client = services.client;
    this.#budget = new CommandBudget(checked, services);
  }

  /** @throws {UpstreamError} ERR_SALLYPORT_UPSTREAM_* when Redis does not answer */
  async get(key: string): Promise<Count | undefined> {
    const { names } = this.#names.of(key);
    const count = countOf(await this.#budget.ask(() => GET.run(this.#client, names, [])));
    return count.value > 0 && count.endsInMs > 0 ? count : undefined;
  }

  /** @throws {UpstreamError} ERR_SALLYPORT_UPSTREAM_* when Redis does not answer */
  async add(
    key: string,
    windowSeconds: number,
    amount: number = 1,
    most: number = Number.POSITIVE_INFINITY,
  ): Promise<Count> {
    const { names } = this.#names.of(key);
    const given = [Math.ceil(windowSeconds * 1_000), amount, Number.isFinite(most) ? most : ''];
    return countOf(await this.#budget.ask(() => ADD.run(this.#client, names, given)));
  }

  /** @throws {UpstreamError} ERR_SALLYPORT_UPSTREAM_* when Redis does not answer */
  async reset(key: string): Promise<void> {
    const { names } = this.#names.of(key);
    await this.#budget.ask(() => this.#client.send(names[0], ['DEL', ...names]));
  }
}

function countOf(reply: unknown): Count {
  const [value, endsInMs] = Array.isArray(reply) ? reply.map(Number) : [];
  if (!Number.isFinite(value) || !Number.isFinite(endsInMs)) {
    throw new UpstreamError('ERR_SALLYPORT_UPSTREAM_BODY', 'Redis answered with no count');
  }
  return { value: value as number, endsInMs: endsInMs as number };
}
