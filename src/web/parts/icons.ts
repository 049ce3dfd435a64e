/** Pictures, drawn here: 16 by 16, in the colour of the text around them. A word always stands beside a picture that means something. */
import { html, type VNode } from '../preact.ts';

const PATHS: Record<string, string> = {
  queued: 'M8 1.75a6.25 6.25 0 1 0 0 12.5 6.25 6.25 0 0 0 0-12.5M8 4.5V8l2.5 1.75',
  active: 'M8 2v7.5M4.75 6.75 8 10l3.25-3.25M2.5 13.5h11',
  delayed: 'M13.5 8A5.5 5.5 0 1 1 11.6 3.8M13.5 2.5v3h-3',
  blocked: 'M5.75 3.5v9M10.25 3.5v9',
  expanding: 'M2.5 4h11M2.5 8h7M2.5 12h4',
  parsed: 'm3 8.5 3.25 3.25L13 4.75',
  'not-found': 'M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.25 10.25 13.5 13.5M5 7h4',
  failed: 'M8 2 1.5 13.5h13zM8 6.25v3.5M8 11.6v.15',
  cancelled: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  cached: 'M3 2.5h10v11L8 10.5l-5 3z',
  invalid: 'M8 1.75a6.25 6.25 0 1 0 0 12.5 6.25 6.25 0 0 0 0-12.5M3.6 3.6l8.8 8.8',
  expanded: 'M2.5 4h11M2.5 8h11M2.5 12h11',
  disallowed: 'M4 7V5a4 4 0 0 1 8 0v2M3 7h10v7H3z',
  skipped: 'M3 3.5 8 8l-5 4.5zM8.5 3.5l5 4.5-5 4.5z',
  expired: 'M4 2h8M4 14h8M5 2c0 3.5 6 4.5 6 8v4M11 2c0 3.5-6 4.5-6 8v4',
  book: 'M8 4C6.5 2.75 4 2.5 2 2.75v10C4 12.5 6.5 12.75 8 14c1.5-1.25 4-1.5 6-1.25v-10C12 2.5 9.5 2.75 8 4zm0 0v10',
  file: 'M4 1.75h5L12.5 5v9.25H4zM9 1.75V5h3.5',
  open: 'M8 1.75a6.25 6.25 0 1 0 0 12.5 6.25 6.25 0 0 0 0-12.5M5 8.25l2.25 2.25L11 6',
  slowed: 'M2 12a6.5 6.5 0 1 1 12 0M8 11 11 6.5',
  unreachable: 'M2 6a9 9 0 0 1 12 0M4.25 8.5a5.5 5.5 0 0 1 7.5 0M8 12v.15M2.5 2.5l11 11',
  paused: 'M5.75 3.5v9M10.25 3.5v9',
  unknown: 'M8 8v.1M12 8v.1M4 8v.1',
  star: 'm8 1.8 1.9 4 4.4.55-3.25 3 .85 4.35L8 11.55 4.1 13.7l.85-4.35-3.25-3 4.4-.55z',
  search: 'M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.25 10.25 13.5 13.5',
  chevron: 'm4 6 4 4 4-4',
  external: 'M9 2.5h4.5V7M13.5 2.5 7.5 8.5M6 3.5H2.5v10h10V10',
  plus: 'M8 3v10M3 8h10',
};

export const icon = (name: string, extra = ''): VNode =>
  html`<svg class=${`icon ${extra}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
    <path d=${PATHS[name] ?? PATHS['unknown']} />
  </svg>`;
