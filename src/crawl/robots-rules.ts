/** The rules of one robots.txt, as they apply to one user agent. */
import robotsModule, { type Robot } from 'robots-parser';

/** The package is CommonJS and exports the function itself, but its types describe an ES module. */
const robotsParser = robotsModule as unknown as (url: string, text: string) => Robot;

/** A line is shown up to this many characters. */
const MOST_OF_A_LINE = 200;

export interface RobotsRules {
  /** Milliseconds between pages that the file asks for; 0 for none. */
  readonly crawlDelayMs: number;
  /** The line that disallows a path, or `null`. */
  disallowing(path: string): string | null;
}

/** Reads the rules. `text` is `null` for a site without the file, which allows everything. */
export function readRobotsRules(text: string | null, origin: string, userAgent: string): RobotsRules {
  const robot = robotsParser(`${origin}/robots.txt`, text ?? '');
  const seconds = robot.getCrawlDelay(userAgent) ?? 0;
  return {
    crawlDelayMs: Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0,
    disallowing(path) {
      if (robot.isAllowed(origin + path, userAgent) !== false) return null;
      const number = robot.getMatchingLineNumber(origin + path, userAgent);
      const line = text?.split(/\r\n|\r|\n/)[number - 1];
      return line === undefined ? 'a rule of robots.txt' : `line ${number}: ${line.trim().slice(0, MOST_OF_A_LINE)}`;
    },
  };
}
