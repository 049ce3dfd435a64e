/** The Lua that lists batches, and that makes their items wait again: see scripts.ts for the keys. */

/** Entries of the lists that one step looks at beyond those it returns: the ids of expired batches stand among them. */
const LOOKED_AT_MORE = 200;

/**
 * ARGV: `open`, `ended` or `all`, the id to go on after ('' = from the newest), most ids. Returns the id to go on after ('' at the end), then the ids of the
 * batches. A Quire of an earlier version ends batches without moving them from one list to the other, and Redis lets ended ones expire: whoever looks puts
 * both right.
 */
const listBatches = `
local which, from, most = ARGV[1], ARGV[2] == '' and '+' or '(' .. ARGV[2], tonumber(ARGV[3])
local look, seen = most + ${LOOKED_AT_MORE}, {}
for _, name in ipairs({'open', 'ended'}) do
  if which == 'all' or which == name then
    for _, id in ipairs(call('ZREVRANGEBYLEX', P .. 'batches-' .. name, from, '-', 'LIMIT', 0, look + 1)) do seen[#seen + 1] = {id, name} end
  end
end
table.sort(seen, function(a, b) return a[1] > b[1] end)
local out, at = {''}, 0
while at < look and at < #seen and #out <= most do
  at = at + 1
  local id, name = seen[at][1], seen[at][2]
  local b = call('HMGET', P .. 'batch:' .. id, 'total', 'finished')
  local is = b[1] and (b[2] and 'ended' or 'open')
  if is ~= name then
    call('ZREM', P .. 'batches-' .. name, id)
    if is then call('ZADD', P .. 'batches-' .. is, 0, id) end
  end
  if is and (which == 'all' or which == is) and out[#out] ~= id then out[#out + 1] = id end
end
if at < #seen then out[1] = seen[at][1] end
return out
`;

/** ARGV: batchId, now, run, priority rank, then jobId and index of each item. Returns the jobs that are live under this run now. */
const rejoin = `
local id, now, run, out = ARGV[1], ARGV[2], ARGV[3], {}
local bkey = P .. 'batch:' .. id
if call('HEXISTS', bkey, 'total') == 0 or call('HEXISTS', bkey, 'finished') == 1 then return out end
for a = 5, #ARGV, 2 do
  local jobId, index = ARGV[a], ARGV[a + 1]
  if call('GETRANGE', bkey .. ':states', index, index) == 'q' then
    local jkey, waiter = P .. 'job:' .. jobId, id .. '.' .. index
    local job = call('HMGET', jkey, 's', 'r', 'w')
    if job[1] == 'live' then
      local waiters = job[3] or ''
      if not string.find(' ' .. waiters .. ' ', ' ' .. waiter .. ' ', 1, true) then
        call('HSET', jkey, 'w', waiters == '' and waiter or (waiters .. ' ' .. waiter))
      end
    else
      forgetRecord(jobId, job[1], job[2])
      call('HSET', jkey, 's', 'live', 'r', run, 'p', ARGV[4], 'c', now, 'w', waiter)
      out[#out + 1] = jobId
    end
  end
end
return out
`;

export const BATCH_SCRIPTS = { listBatches, rejoin };
