-- Fields that are lists of words with a space between them. Plain finds look through many ten times as fast as a pattern does.

-- How many words.
local function countWords(words)
  if words == '' then return 0 end
  local n, at = 1, string.find(words, ' ', 1, true)
  while at do
    n, at = n + 1, string.find(words, ' ', at + 1, true)
  end
  return n
end

-- The words with one more at the end. Words that are not there yet may be nil, false or ''.
local function withWord(words, one) return (words and words ~= '') and (words .. ' ' .. one) or one end

-- The words without one of them.
local function withoutWord(words, one)
  local from, to = string.find(' ' .. words .. ' ', ' ' .. one .. ' ', 1, true)
  if not from then return words end
  -- One of the two spaces around the word goes too.
  if from == 1 then return string.sub(words, to) end
  return string.sub(words, 1, from - 2) .. string.sub(words, to - 1)
end
