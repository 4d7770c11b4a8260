import { type Clock, clockOption } from '../../clock/clock.js';
import { UpstreamError } from '../../errors/errors.js';
import * as option from '../../options/options.js';
import { deploymentSecretsCheck } from '../../secrecy/deployment-secret.js';
import { Seal } from '../../secrecy/seal.js';
import { CommandBudget } from './client/command-budget.js';
import { redisClient } from './client/redis-client.js';
import type { RedisCommands } from './client/redis-commands.js';
import { RedisScript } from './client/redis-script.js';

export const REDIS_RECORD_STORE = option.table('RedisRecordStoreOptions', {
  /** The beginning of every key. */
  prefix: option.withDefault(option.text, 'sallyport:'),
  /** What the records are, such as `api-key`: stores of different records do not meet. */
  records: option.text,
  /** The same on all instances; at least 32 characters. Records are encrypted with it. Two while one is replaced. */
  secret: deploymentSecretsCheck,
  /** The longest time of a command, in milliseconds; after that the store throws. */
  timeoutMs: option.withDefault(option.between(1, 5_000), 50),
  /** The most commands that may wait for a reply at once; further ones throw. */
  maxPending: option.withDefault(option.between(1, 100_000), 1_000),
});

export interface RedisRecordStoreOptions extends option.Given<typeof REDIS_RECORD_STORE> {}

export const REDIS_RECORD_STORE_COLLABORATORS = option.table('RedisRecordStoreCollaborators', {
  /** A client of node-redis or ioredis, single or Cluster. The store does not close it. */
  client: redisClient,
  clock: clockOption,
});

/** Services of the store. */
export interface RedisRecordStoreCollaborators extends option.Given<typeof REDIS_RECORD_STORE_COLLABORATORS> {}

/** A text that is kept under an id. */
export interface KeptRecord {
  readonly id: string;
  /** 1 at first; each replacement adds one. */
  readonly revision: number;
  readonly text: string;
}

/** A record, and the latest number that was noted for it. */
export interface FoundRecord extends KeptRecord {
  readonly noted: number | undefined;
}

/** How often other instances are asked for changes, in milliseconds. */
const KEEP_UP_MS = 1_000;
/** For what no request waits for, in milliseconds. */
const PATIENT_MS = 5_000;
const PAGE = '500';

const FIND = new RedisScript(`return {redis.call('HGET', KEYS[1], ARGV[1]), redis.call('HGET', KEYS[2], ARGV[1])}`);
const CREATE = new RedisScript(`return redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])`);
const REPLACE = new RedisScript(`local kept = redis.call('HGET', KEYS[1], ARGV[1])
if not kept or tonumber(string.match(kept, '^%d+')) ~= tonumber(ARGV[3]) - 1 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return redis.call('INCR', KEYS[3])`);
const DELETE = new RedisScript(`if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('HDEL', KEYS[2], ARGV[1])
return redis.call('INCR', KEYS[3])`);
const NOTE = new RedisScript(`if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
if tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or 0) < tonumber(ARGV[2]) then
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
end
return 1`);

/**
 * Records in Redis 7 that last, such as those of API keys, for stores of handlers. Each is encrypted and bound to its id and
 * revision; ids stand in clear. All stand in one hash slot. A Redis that does not answer in time, or answers with an error,
 * is an error. What Redis loses is lost: let it write to disk, and give it the policy `noeviction`.
 * @example
 * const client = createClient();
 * await client.connect();
 * const store = new RedisRecordStore({ records: 'badge', secret }, { client });
 * await store.create({ id: 'b-17', revision: 1, text: JSON.stringify({ owner: 'alice' }) });
 */
export class RedisRecordStore {
  /** The records, what is noted of them, and the number of changes. */
  readonly #keys: readonly [string, string, string];
  readonly #seal: Seal;
  readonly #client: RedisCommands;
  readonly #clock: Clock;
  readonly #budget: CommandBudget;
  readonly #patient: CommandBudget;
  #changes = 0;
  #keepUpAtMs = Number.NEGATIVE_INFINITY;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: RedisRecordStoreOptions, collaborators: RedisRecordStoreCollaborators) {
    const checked = REDIS_RECORD_STORE(options);
    const services = REDIS_RECORD_STORE_COLLABORATORS(collaborators);
    const beginning = `${checked.prefix}${checked.records}:{records}:`;
    this.#keys = [`${beginning}all`, `${beginning}noted`, `${beginning}changes`];
    this.#seal = new Seal(checked.secret, `record 1 ${beginning}`);
    this.#client = services.client;
    this.#clock = services.clock;
    this.#budget = new CommandBudget(checked, services);
    this.#patient = new CommandBudget({ ...checked, timeoutMs: PATIENT_MS }, services);
  }

  /** Grows with each replacement and deletion. Changes of others are read in the background, once a second while it is asked. */
  get changes(): number {
    const nowMs = this.#clock.monotonic();
    if (nowMs >= this.#keepUpAtMs) {
      this.#keepUpAtMs = nowMs + KEEP_UP_MS;
      void this.#keepUp();
    }
    return this.#changes;
  }

  /** @throws {UpstreamError} ERR_SALLYPORT_UPSTREAM_* when Redis does not answer, or with what was not encrypted by us */
  async find(id: string): Promise<FoundRecord | undefined> {
    const reply = await this.#run(FIND, id);
    const [kept, noted] = Array.isArray(reply) ? reply : [];
    if (kept === null || kept === undefined) return undefined;
    const record = this.#opened(id, String(kept));
    if (record === undefined)
      throw new UpstreamError('ERR_SALLYPORT_UPSTREAM_BODY', 'Redis has a record of somebody else');
    return { ...record, noted: noteOf(noted) };
  }

  /** False if the id is taken. */
  async create(record: KeptRecord): Promise<boolean> {
    return Number(await this.#run(CREATE, record.id, this.#closed(record))) === 1;
  }

  /** False unless the record of this id has the revision before. */
  async replace(record: KeptRecord): Promise<boolean> {
    return this.#noteChange(await this.#run(REPLACE, record.id, this.#closed(record), String(record.revision)));
  }

  /** False if there is none. */
  async delete(id: string): Promise<boolean> {
    return this.#noteChange(await this.#run(DELETE, id));
  }

  /** Notes a number for a record, unless a larger one is noted. */
  async note(id: string, value: number): Promise<void> {
    await this.#run(NOTE, id, String(value));
  }

  /** All records that can be opened, and how many cannot. */
  async list(): Promise<{ readonly records: readonly FoundRecord[]; readonly unreadable: number }> {
    const [kept, noted] = await Promise.all([this.#pages(this.#keys[0]), this.#pages(this.#keys[1])]);
    const records = [...kept].flatMap(([id, value]) => this.#opened(id, value) ?? []);
    const found = records.map((record) => ({ ...record, noted: noteOf(noted.get(record.id)) }));
    return { records: found, unreadable: kept.size - records.length };
  }

  async #pages(key: string): Promise<ReadonlyMap<string, string>> {
    const all = new Map<string, string>();
    let cursor = '0';
    do {
      const command = ['HSCAN', key, cursor, 'COUNT', PAGE];
      const reply = await this.#patient.ask(() => this.#client.send(key, command));
      const [next, fields] = reply as readonly [unknown, readonly unknown[]];
      for (let at = 0; at < fields.length; at += 2) all.set(String(fields[at]), String(fields[at + 1]));
      cursor = String(next);
    } while (cursor !== '0');
    return all;
  }

  #run(script: RedisScript, ...given: readonly string[]): Promise<unknown> {
    return this.#budget.ask(() => script.run(this.#client, this.#keys, given));
  }

  #closed({ id, revision, text }: KeptRecord): string {
    return `${revision}:${this.#seal.close(labelOf(id, revision), text)}`;
  }

  #opened(id: string, kept: string): KeptRecord | undefined {
    const [, digits = '', sealed = ''] = /^(\d{1,15}):(.+)$/.exec(kept) ?? [];
    const revision = Number(digits);
    const text = this.#seal.open(labelOf(id, revision), sealed);
    return text === undefined ? undefined : { id, revision, text };
  }

  #noteChange(reply: unknown): boolean {
    const changes = Number(reply);
    if (changes > 0) this.#changes = changes;
    return changes > 0;
  }

  /** While Redis does not answer, what is remembered stays so, as long as it may. */
  async #keepUp(): Promise<void> {
    const [, , key] = this.#keys;
    const changes = Number(await this.#patient.run(() => this.#client.send(key, ['GET', key])));
    if (changes > 0) this.#changes = changes;
  }
}

function labelOf(id: string, revision: number): string {
  return `${id} ${revision}`;
}

function noteOf(reply: unknown): number | undefined {
  const noted = Number(reply ?? undefined);
  return Number.isFinite(noted) ? noted : undefined;
}
