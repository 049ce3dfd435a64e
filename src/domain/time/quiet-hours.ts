/** Hours of the day without crawling, in a time zone. They may cross midnight, and a change to or from summer time. */

export interface QuietHours {
  /** As it was configured: `22:00-06:00 America/Los_Angeles`. */
  readonly text: string;
  /** The end of the quiet time at `nowMs`, in milliseconds since the epoch; `null` when `nowMs` is not quiet. */
  untilMs(nowMs: number): number | null;
}

const FORM = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]|24):([0-5]\d)(?: ([\w/+-]+))?$/;
const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;

/**
 * Reads `HH:MM-HH:MM [time zone]`, in UTC without a zone. The end is excluded. Throws an Error whose message completes "QUIET_HOURS must be
 * …".
 */
export function parseQuietHours(text: string): QuietHours {
  const [matched, fromHour, fromMinute, toHour, toMinute, zone = 'UTC'] = FORM.exec(text) ?? [];
  const start = Number(fromHour) * 60 + Number(fromMinute);
  const end = (Number(toHour) * 60 + Number(toMinute)) % DAY_MINUTES;
  if (matched === undefined || (toHour === '24' && toMinute !== '00')) throw new Error('a range such as 22:00-06:00 America/Los_Angeles');
  if (start === end) throw new Error('a range whose end differs from its start (all day would mean never to crawl)');
  const localMinute = clockOf(zone);
  const quiet = (minute: number): boolean => (start < end ? minute >= start && minute < end : minute >= start || minute < end);

  const search = (nowMs: number): number | null => {
    if (!quiet(localMinute(nowMs))) return null;
    // The local time may jump when summer time starts or ends, so the guess is checked and moved on.
    let atMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
    for (let minute = localMinute(atMs); quiet(minute); minute = localMinute(atMs)) {
      const left = (end - minute + DAY_MINUTES) % DAY_MINUTES;
      // A step never crosses such a jump.
      atMs += jumpless(localMinute, atMs, left) * MINUTE_MS;
    }
    return atMs;
  };

  // Every page asks, so the answer is kept for the rest of the minute.
  let known: { minute: number; answer: number | null } = { minute: Number.NaN, answer: null };
  return {
    text,
    untilMs(nowMs) {
      const minute = Math.floor(nowMs / MINUTE_MS);
      if (known.minute !== minute) known = { minute, answer: search(nowMs) };
      return known.answer;
    },
  };
}

/** The minutes after `atMs` without a jump of the local time: at least 1, at most `left`. */
function jumpless(localMinute: (atMs: number) => number, atMs: number, left: number): number {
  const from = localMinute(atMs);
  const runsOn = (minutes: number): boolean => localMinute(atMs + minutes * MINUTE_MS) === (from + minutes) % DAY_MINUTES;
  if (runsOn(left)) return left;
  let low = 0;
  let high = left;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (runsOn(middle)) low = middle;
    else high = middle;
  }
  return Math.max(1, high);
}

/** The minute of the local day, 0 to 1,439. */
function clockOf(timeZone: string): (atMs: number) => number {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  } catch {
    throw new Error('a range with a time zone that exists, such as 22:00-06:00 America/Los_Angeles');
  }
  return (atMs) => {
    const [hour, minute] = format.format(atMs).split(':');
    return Number(hour) * 60 + Number(minute);
  };
}
