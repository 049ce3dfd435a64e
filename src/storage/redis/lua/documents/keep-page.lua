-- Keeps the page of a failed job, and drops the oldest pages beyond the cap.
-- Key: the prefix.
-- Arguments: 1 job id, 2 the page with its time before it, 3 its end in ms, 4 now in ms, 5 pages kept at most.
-- Result: 1.

call('SET', P .. 'page:' .. ARGV[1], ARGV[2], 'PXAT', ARGV[3])
call('ZADD', P .. 'pages', ARGV[4], ARGV[1])
while call('ZCARD', P .. 'pages') > tonumber(ARGV[5]) do
  call('DEL', P .. 'page:' .. call('ZPOPMIN', P .. 'pages')[1])
end
return 1
