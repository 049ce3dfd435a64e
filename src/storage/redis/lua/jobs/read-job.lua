-- Reads the record of a job without the names of its waiters, which may be megabytes.
-- Key: the prefix.
-- Arguments: 1 job id.
-- Result: the fields of the hash, name and value in turn; `w` is the number of waiters.

local job = call('HGETALL', P .. 'job:' .. ARGV[1])
for at = 1, #job, 2 do
  if job[at] == 'w' then job[at + 1] = countWords(job[at + 1]) end
end
return job
