-- Publishes a signal. It goes through the shard of the keys, so that it keeps its order among the signals of the other scripts.
-- Key: the prefix.
-- Arguments: 1 the signal as a line.
-- Result: 1.

signal(ARGV[1])
return 1
