/** How Goodreads treats this Quire now, and what it was asked today. While it is closed, the books that wait. */
import { ask, messageOf } from '../api.ts';
import { ago, count, dateTime, plural, rate } from '../format.ts';
import { html, useState, type VNode } from '../preact.ts';
import { emptyBox, skeleton } from '../parts/basics.ts';
import { DropPages } from '../parts/drop-pages.ts';
import { icon } from '../parts/icons.ts';
import { source as sourceValue, stats as statsValue } from '../parts/shell.ts';
import { sourceSentence } from '../parts/source-words.ts';
import { shortUrl } from '../format.ts';
import { text } from '../text.ts';
import type { Ledger, Source, WaitingJob } from '../types.ts';
import { usePolling, useValue } from '../values.ts';

const words = text.source;
const CLOSED = new Set(['blocked', 'unreachable', 'paused']);

export function SourceView(): VNode {
  const source = useValue(sourceValue);
  const stats = useValue(statsValue);
  const [ledger, setLedger] = useState<Ledger | null>(null);
  const [error, setError] = useState<unknown>(null);
  usePolling(async () => {
    try {
      setLedger(await ask<Ledger>('/source/ledger?days=2'));
      setError(null);
    } catch (thrown) {
      setError(thrown);
    }
  }, 15_000);
  if (source === null)
    return html`<h1>${words.title}</h1>
      ${skeleton(3)}`;
  return html`<h1>${words.title}</h1>
    <p class=${`state ${source.state}`}>${icon(source.state)}<strong>${words.states[source.state] ?? source.state}</strong></p>
    <p class="lead">${sourceSentence(source, stats)}</p>
    ${source.reason !== null && source.state !== 'paused' && html`<p class="hint">${source.reason}</p>`}
    ${facts(source, stats?.backlog.waiting ?? null)} ${CLOSED.has(source.state) && html`<${Waiting} />`}
    <h2>${words.today}</h2>
    ${error !== null && ledger === null && html`<p class="bad">${messageOf(error)}</p>`}
    ${ledger === null ? error === null && skeleton(2) : chart(ledger)}`;
}

function facts(source: Source, waiting: number | null): VNode {
  const { robots, quietHours } = source;
  const rows: [string, string][] = [
    [words.since, source.since === null ? words.always : `${dateTime(source.since)} (${ago(source.since)})`],
    [words.rate, source.rate === source.fullRate ? rate(source.rate) : words.ofFull(rate(source.rate), rate(source.fullRate))],
    [words.requests, count(source.requestsToday)],
    [words.waiting, waiting === null ? '' : plural(waiting, 'book')],
    [words.robots, robotsSentence(robots)],
    [
      words.quiet,
      quietHours === null
        ? words.none
        : quietHours.until === null
          ? quietHours.hours
          : words.quietNow(quietHours.hours, dateTime(quietHours.until)),
    ],
  ];
  return html`<dl class="pairs">
    ${rows.map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

function robotsSentence(robots: Source['robots']): string {
  if (robots === null || (robots.fetchedAt === null && !robots.present)) return words.robotsUnread;
  if (!robots.allowsBooks) return words.robotsForbids(robots.rule ?? '');
  const delay = robots.crawlDelaySeconds === null ? '' : words.delay(robots.crawlDelaySeconds);
  return (robots.present ? words.robotsAllows : words.robotsNone) + delay;
}

/** How an outcome counts: what went well, what was refused, and all else. */
const toneOf = (outcome: string): string =>
  ({ ok: 'good', robots: 'plain', 'not-found': 'plain', redirect: 'plain' })[outcome] ??
  (/block|challenge|captcha|forbidden|limited/.test(outcome) ? 'bad' : 'warn');

const HOURS = 24;
const WIDTH = 44;
const HEIGHT = 96;

/** Requests by hour and outcome: a picture, and the same as a table below it. */
function chart({ hours }: Ledger): VNode {
  const nowMs = Math.floor(Date.now() / 3_600_000) * 3_600_000;
  const byHour = new Map(hours.map((hour) => [Date.parse(hour.at), hour]));
  const shown = Array.from({ length: HOURS }, (_, n) => {
    const at = nowMs - (HOURS - 1 - n) * 3_600_000;
    return { at, requests: byHour.get(at)?.requests ?? 0, outcomes: byHour.get(at)?.outcomes ?? {} };
  });
  const most = Math.max(1, ...shown.map(({ requests }) => requests));
  if (shown.every(({ requests }) => requests === 0)) return emptyBox(words.nothingAsked);
  const bars = shown.flatMap(({ outcomes }, n) => {
    let y = HEIGHT;
    return Object.entries(outcomes).map(([outcome, times]) => {
      const height = (times / most) * HEIGHT;
      y -= height;
      return html`<rect class=${toneOf(outcome)} x=${n * WIDTH + 6} y=${y} width=${WIDTH - 12} height=${height}
        ><title>${`${times} ${outcome}`}</title></rect
      >`;
    });
  });
  const hourOf = (at: number): string => `${String(new Date(at).getHours()).padStart(2, '0')}:00`;
  const filled = shown.filter(({ requests }) => requests > 0).toReversed();
  return html`<svg class="chart" viewBox=${`0 0 ${HOURS * WIDTH} ${HEIGHT + 20}`} role="img" aria-label=${words.chart(most)}>
      <path d=${`M0 ${HEIGHT + 0.5}H${HOURS * WIDTH}`} />
      ${bars} ${shown.map(({ at }, n) => n % 6 === 2 && html`<text x=${n * WIDTH + WIDTH / 2} y=${HEIGHT + 16}>${hourOf(at)}</text>`)}
    </svg>
    <details>
      <summary>${words.table}</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">${words.hour}</th>
            <th scope="col">${words.requests}</th>
            <th scope="col">${words.outcomes}</th>
          </tr>
        </thead>
        <tbody>
          ${filled.map(
            ({ at, requests, outcomes }) =>
              html`<tr>
                <td>${hourOf(at)}</td>
                <td>${count(requests)}</td>
                <td>
                  ${Object.entries(outcomes)
                    .map(([name, n]) => `${count(n)} ${name}`)
                    .join(', ')}
                </td>
              </tr>`,
          )}
        </tbody>
      </table>
    </details>`;
}

/** The books that wait, the most wanted first. A page that a person saves settles its book. */
function Waiting(): VNode {
  const [jobs, setJobs] = useState<WaitingJob[] | null>(null);
  const load = async (): Promise<void> => {
    const answer = await ask<{ jobs: WaitingJob[] }>('/jobs/waiting?limit=50').catch(() => null);
    if (answer !== null) setJobs(answer.jobs);
  };
  usePolling(load, 5000);
  return html`<section>
    <h2>${words.waitingTitle}</h2>
    <p>${words.waitingHint}</p>
    <${DropPages} onRead=${() => void load()} />
    ${
      jobs === null
        ? skeleton(3)
        : jobs.length === 0
          ? emptyBox(words.noneWaits)
          : html`<ol class="rows" role="list">
              ${jobs.map(
                ({ jobId, url, waiters, createdAt }) =>
                  html`<li key=${jobId}>
                    <div class="row">
                      <span class="lines"><a href=${url} target="_blank" rel="noreferrer">${shortUrl(url)} ${icon('external')}</a></span>
                      <span class="note">${words.wanted(waiters)}</span>
                      <span class="when">${ago(createdAt)}</span>
                    </div>
                  </li>`,
              )}
            </ol>`
    }
  </section>`;
}
