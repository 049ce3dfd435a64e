/** The Lua that keeps and deletes books outside of jobs. See scripts.ts for the keys. */

/** ARGV: bookId, copy, keepUntil, alias names. */
const putBook = `
local stored = put(ARGV[1], ARGV[2], ARGV[3])
for a = 4, #ARGV do alias(ARGV[a], ARGV[1], ARGV[3]) end
return stored
`;

/** ARGV: a name. Makes an alias that an earlier version left behind a merge lead to its book directly. */
const repairAlias = `
local h, name = head(ARGV[1])
if string.sub(h, 1, 1) == 'Q' then alias(ARGV[1], string.sub(name, 6), 0) end
return 1
`;

/** ARGV: bookId. */
const deleteBook = `
local key = P .. 'book-' .. ARGV[1]
if call('GETRANGE', key, 0, 0) == 'A' then return 0 end
call('ZREM', P .. 'books', ARGV[1])
local gone = call('DEL', key)
if gone == 1 then signal('book ' .. ARGV[1]) end
return gone
`;

export const BOOK_SCRIPTS = { putBook, repairAlias, deleteBook };
