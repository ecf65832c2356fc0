import { createHash } from 'node:crypto';

/** A Lua script and the name under which Redis caches it. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

const script = (text: string): Script => ({ text, sha: createHash('sha1').update(text).digest('hex') });

// Only commands that Redis 6.2 and Valkey know. A reply is one string of JSON, which no client or protocol version maps to anything else.

/**
 * Keeps the ends of pauses, by Redis's own clock, and tells all processes of each one that is new or later by 100 ms or more.
 *
 * KEYS: the pauses. ARGV: the channel; `1` to be told of all pauses; then for each pause its name, the milliseconds that are left, and
 * when it ends by Redis's clock. The last keeps a command that is carried out late, by a server that stood still, from making the pause longer.
 * Replies with the time of Redis, then with a name and milliseconds left for each pause.
 */
export const SHARE_PAUSES = script(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- Changes nothing, and fails where writing fails: on a read-only replica, or while memory is full. Only the first write of a script is
-- refused for want of memory, so it comes first.
redis.call('ZADD', KEYS[1], 'XX', 0, '')
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
for i = 3, #ARGV, 3 do
  local left = math.floor(math.min(tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]) - now))
  local known = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[i]) or now)
  if now + left >= known + 100 then
    redis.call('ZADD', KEYS[1], now + left, ARGV[i])
    redis.call('PUBLISH', ARGV[1], cjson.encode({ 'pause', ARGV[i], left }))
  end
end
local latest = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
if latest then redis.call('PEXPIRE', KEYS[1], math.max(1, latest - now)) end
local reply = { now }
if ARGV[2] == '1' then
  local pauses = redis.call('ZREVRANGE', KEYS[1], 0, 999, 'WITHSCORES')
  for i = 1, #pauses, 2 do
    reply[#reply + 1] = pauses[i]
    reply[#reply + 1] = pauses[i + 1] - now
  end
end
return cjson.encode(reply)
`);

/**
 * Spends or earns tokens of a bucket that fills by itself, and tells all processes when what is spent leaves too few for a retry. What
 * several spend at the same moment beyond what is there is owed, up to the capacity.
 *
 * KEYS: the bucket, which exists only while it is not full. ARGV: capacity; ms in which it fills; tokens to add, negative to spend; the
 * tokens that the dearest retry costs; the time of Redis from which on this command counts as lost and only reads; the channel; the name.
 * Replies with the time of Redis and the tokens that are left.
 */
export const CHANGE_TOKENS = script(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local capacity, refill, change, dearest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local before = capacity
local saved, at = string.match(redis.call('GET', KEYS[1]) or '', '^(%S+) (%S+)$')
if saved then
  before = math.min(capacity, tonumber(saved) + math.max(0, now - tonumber(at)) * capacity / refill)
end
if now > tonumber(ARGV[5]) then change = 0 end
local after = math.max(-capacity, math.min(capacity, before + change))
if after >= capacity then
  redis.call('DEL', KEYS[1])
else
  local life = math.min(1e12, math.ceil((capacity - after) * refill / capacity))
  redis.call('SET', KEYS[1], string.format('%.6f %.0f', after, now), 'PX', string.format('%.0f', life))
  if after < dearest and change < 0 then
    redis.call('PUBLISH', ARGV[6], cjson.encode({ 'tokens', ARGV[7], after }))
  end
end
return cjson.encode({ now, after })
`);
