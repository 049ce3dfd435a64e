/** What the API names in a word, as the page names it. */

export const STATES: Record<string, string> = {
  queued: 'Waiting',
  active: 'Fetching',
  delayed: 'Will try again',
  blocked: 'Held',
  expanding: 'Reading the list',
  parsed: 'Here',
  'not-found': 'Not at Goodreads',
  failed: 'Failed',
  cancelled: 'Cancelled',
  cached: 'Was here already',
  invalid: 'Not a book',
  expanded: 'List read',
  disallowed: 'Off limits',
  skipped: 'Not needed',
  expired: 'Too late',
};

export const FAMILIES: Record<string, string> = {
  list: 'a list',
  series: 'a series',
  author: 'books of an author',
  'author-list': 'books of an author',
  editions: 'editions of one work',
  shelf: 'a shelf',
  genre: 'a genre',
};

export const FORMATS: Record<string, string> = {
  json: 'JSON',
  jsonl: 'JSON, a book a line',
  csv: 'CSV',
  jsonld: 'JSON-LD',
  bibtex: 'BibTeX',
  biblatex: 'BibLaTeX',
  ris: 'RIS',
  csl: 'CSL JSON',
  atom: 'Atom feed',
};
