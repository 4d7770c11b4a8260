import { UpstreamError } from '../../errors/errors.js';
import { RedisScript } from './client/redis-script.js';

/** The time without a gap of the marks in one slot: its name, its beginning on the clock of Redis, and its marks so far. */
export interface Epoch {
  readonly id: string;
  /** In milliseconds since the Unix epoch; 0 where nothing can have been marked before. */
  readonly since: number;
  readonly marks: number;
}

export interface OnceReply {
  /** `first`: marked now. `again`: was marked before. `unsure`: a mark that was lost may have stood here. */
  readonly answer: 'first' | 'again' | 'unsure';
  /** Whether the marks before the epoch were found to be gone just now. */
  readonly isNewEpoch: boolean;
  readonly epoch: Epoch;
  /** How long a mark of this time would stay unsure, in milliseconds. */
  readonly unsureMs: number;
}

/**
 * Marks a key, in one step. The epoch of its slot is begun anew when it is gone or cannot be read, and when it is older or
 * shorter than the caller has seen it: then Redis has lost marks. It is begun anew as well when another run of a server has
 * written it: what a crash has cost, nobody sees who made none of the last marks. What was marked before may come again until
 * its own time is over, so until then nothing is marked that lasts as long, unless it is known to be newer than the epoch.
 *
 * KEYS: the epoch, then the names of the mark; without these it only looks after the epoch. ARGV: how long the mark lasts in
 * milliseconds; the id and beginning of a new epoch where there was none (`now` for now); id, beginning and marks of the epoch as
 * the caller has seen it; how long ago it can have been marked before, in milliseconds; 1 where marks survive the end of a run.
 */
export const ONCE: RedisScript = new RedisScript(`local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local run = ''
if ARGV[8] ~= '1' then run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') or '' end
local id, since, marks, wroteIt
local isKept = redis.call('EXISTS', KEYS[1]) == 1
if redis.call('TYPE', KEYS[1]).ok == 'hash' then
  local kept = redis.call('HMGET', KEYS[1], 'id', 'since', 'marks', 'run')
  id, since, marks, wroteIt = kept[1], tonumber(kept[2]), tonumber(kept[3]), kept[4]
end
local seenSince, seenMarks = tonumber(ARGV[5]), tonumber(ARGV[6])
local isNew = not (id and since and marks) or since > now or (ARGV[8] ~= '1' and wroteIt ~= run)
if not isNew and id == ARGV[4] then isNew = since ~= seenSince or marks < seenMarks
elseif not isNew then isNew = since <= seenSince end
if isNew then
  id, since, marks = ARGV[2], now, 0
  if ARGV[3] ~= 'now' and not isKept then since = tonumber(ARGV[3]) end
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'id', id, 'since', string.format('%.0f', since), 'marks', 0, 'run', run)
end
local answer, unsure = 'first', since + math.min(ARGV[1], ARGV[7]) - now
for index = 2, #KEYS do
  if redis.call('EXISTS', KEYS[index]) == 1 then answer = 'again' end
end
if answer == 'first' and (unsure > 0 or #KEYS == 1) then answer = 'unsure' end
if answer == 'first' then
  redis.call('SET', KEYS[2], 1, 'PX', ARGV[1])
  marks = redis.call('HINCRBY', KEYS[1], 'marks', 1)
end
return {answer, isNew and 1 or 0, id, string.format('%.0f', since), marks, math.ceil(unsure)}`);

const ANSWERS: readonly unknown[] = ['first', 'again', 'unsure'];

/** @throws {UpstreamError} ERR_SALLYPORT_UPSTREAM_BODY */
export function onceReplyOf(reply: unknown): OnceReply {
  const [answer, isNew, id, ...numbers] = Array.isArray(reply) ? reply : [];
  const [since = Number.NaN, marks = Number.NaN, unsureMs = Number.NaN] = numbers.map(Number);
  if (!ANSWERS.includes(answer) || typeof id !== 'string' || ![since, marks, unsureMs].every(Number.isFinite)) {
    throw new UpstreamError('ERR_SALLYPORT_UPSTREAM_BODY', 'Redis answered with something else than about a mark');
  }
  return { answer, isNewEpoch: Number(isNew) === 1, epoch: { id, since, marks }, unsureMs };
}
