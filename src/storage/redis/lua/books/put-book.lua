-- Stores a copy outside of any job, and makes other names lead to its book.
-- Key: the prefix.
-- Arguments: 1 book id, 2 the copy, 3 until when it is kept in ms, 4 its search entry ('' for none), then the other names.
-- Result: 'stored', 'older' or 'poorer'.

local stored = put(ARGV[1], ARGV[2], ARGV[3], ARGV[4])
for a = 5, #ARGV do alias(ARGV[a], ARGV[1], ARGV[3]) end
return stored
