/** All formats that books are written in, by the name of each. */
import { ATOM } from './atom.ts';
import { BIBLATEX, BIBTEX } from './bibtex.ts';
import type { BookFormat, FormatName } from './book-format.ts';
import { CSL_JSON } from './csl.ts';
import { CSV } from './csv.ts';
import { JSON_FORMAT, JSON_LD, JSON_LINES } from './json.ts';
import { RIS } from './ris.ts';

export const FORMATS: Record<FormatName, BookFormat> = {
  json: JSON_FORMAT,
  jsonl: JSON_LINES,
  csv: CSV,
  jsonld: JSON_LD,
  bibtex: BIBTEX,
  biblatex: BIBLATEX,
  ris: RIS,
  csl: CSL_JSON,
  atom: ATOM,
};
