-- Removes a document.
-- Key: the prefix.
-- Arguments: 1 key of the document.
-- Result: 1 when it was there, 0 otherwise.

call('ZREM', P .. 'docs', ARGV[1])
call('ZREM', P .. 'docs-ending', ARGV[1])
return call('DEL', P .. 'doc:' .. ARGV[1])
