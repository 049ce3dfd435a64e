/** The stand-in for Goodreads, for tests: in this process ({@link startGoodreads}) or as a process of its own. */
export { startGoodreads, type Control, type Goodreads } from '../../scripts/goodreads-stand-in.ts';
