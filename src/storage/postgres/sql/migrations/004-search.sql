-- Search: the entries by which stored books are found. This file never changes: databases that ran it do not run it again.
--
-- An entry is a text, as domain/search/entry.ts describes it. Its first two digits are the rank: 00 for the books with most ratings.
-- What follows the first line are its words, which are letters and digits alone: so the text is a tsvector as it stands.
-- Copies that are stored already get their entries in the background.
CREATE TABLE @.search (
  book_id bigint PRIMARY KEY,
  entry   text NOT NULL,
  rank    smallint NOT NULL GENERATED ALWAYS AS (substr(entry, 1, 2)::smallint) STORED,
  words   tsvector NOT NULL GENERATED ALWAYS AS (substr(entry, strpos(entry, E'\n'))::tsvector) STORED
) WITH (fillfactor = 90);
-- New entries wait in a list of their own, which every search reads: so it is kept short.
CREATE INDEX search_words ON @.search USING gin (words) WITH (gin_pending_list_limit = 256);
CREATE INDEX search_rank ON @.search (rank, book_id);

-- An entry goes in the same step as its copy, whoever removes that: a deletion, a merge, a "missing" mark, or the purge of old rows.
CREATE FUNCTION @.forget_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM @.search WHERE book_id = OLD.book_id;
  RETURN NULL;
END $$;
CREATE TRIGGER known_gone AFTER DELETE ON @.known FOR EACH ROW WHEN (OLD.kind = 'b') EXECUTE FUNCTION @.forget_entry();
CREATE TRIGGER known_changed AFTER UPDATE ON @.known FOR EACH ROW WHEN (OLD.kind = 'b' AND NEW.kind <> 'b')
  EXECUTE FUNCTION @.forget_entry();
