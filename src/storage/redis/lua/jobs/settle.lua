-- One step towards the end of a job: stores its copy, and settles the items that wait for it, at most MOST_WAITERS_A_STEP of them.
-- Key: the prefix.
-- Arguments: 1 job id, 2 run ('' settles whichever is live), 3 now in ms, 4 final state, 5 its letter, 6 attempts, 7 error code (''
--   for none), 8 error detail, 9 book id ('' for none), 10 the copy ('' when there is none, or an earlier step stored it), 11 until
--   when the copy is kept, 12 until when a missing book is remembered ('' when an earlier step did it), 13 how long an ended batch
--   is kept in ms, 14 settled jobs kept at most, 15 failed jobs kept at most, 16 the search entry of the copy ('' for none), 17 batches
--   that look for such a book, 18 batches that look for another, with a space between the ids.
-- Result: what became of the job (0: it was not live, 1: it ended, 2: it is live, because more items wait, 3: nothing was changed, because
--   batches look for books and have no verdict), what became of the copy ('stored', 'older', 'poorer' or ''), and the run that was
--   live ('' for none). Behind them the batches that found the last book by this; for 3, id and options of those without a verdict.

local jobId, run, now, state = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local jkey = P .. 'job:' .. jobId
local job = call('HMGET', jkey, 's', 'r', 'w', 'n')
local live = job[1] == 'live' and (run == '' or job[2] == run)
local stored = ''
local judged = {}
for id in string.gmatch(ARGV[17], '%w+') do judged[id] = 'yes' end
for id in string.gmatch(ARGV[18], '%w+') do judged[id] = 'no' end
if live and state == 'parsed' then
  local ask = unjudged(job[3], judged)
  if #ask > 0 then return {3, '', job[2], unpack(ask)} end
end
if ARGV[10] ~= '' then
  stored = put(ARGV[9], ARGV[10], ARGV[11], ARGV[16])
  alias(jobId, ARGV[9], ARGV[11])
end
if not live then return {0, stored, ''} end
if state == 'not-found' and ARGV[12] ~= '' then
  local h, name = head(jobId)
  if string.sub(h, 1, 1) == 'Q' then
    call('SETRANGE', P .. name, 14, string.format('%013d', ARGV[12]))
    signal('book ' .. string.sub(name, 6))
  else
    call('SET', P .. jobId, 'M' .. string.format('%013d', now) .. string.format('%013d', ARGV[12]), 'PXAT', ARGV[12])
    local bookId = string.match(jobId, '^book%-(%d+)$')
    if bookId then signal('book ' .. bookId) end
  end
end
local learns = ARGV[9] ~= '' and jobId ~= 'book-' .. ARGV[9]
local waiters, rest, stopped = settleWaiters(job[3], ARGV[5], now, ARGV[13], ARGV[9], learns, judged)
waiters = waiters + (job[4] or 0)
if rest ~= '' then
  call('HSET', jkey, 'w', rest, 'n', waiters)
  return {2, stored, job[2], unpack(stopped)}
end
settleRecord(jobId, job[2], state, now, ARGV[6], waiters, ARGV[7], ARGV[8], ARGV[9], tonumber(ARGV[14]), tonumber(ARGV[15]))
return {1, stored, job[2], unpack(stopped)}
