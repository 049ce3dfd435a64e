/** A long list of which only the rows that are seen are in the document. The window scrolls it; every row is equally high. */
import { html, useEffect, useLayoutEffect, useRef, useState, type VNode } from '../preact.ts';

interface Props {
  /** How many rows there are. */
  total: number;
  label: string;
  /** Height of a row in pixels. */
  rowHeight: number;
  /** Draws the row at this index. */
  row: (index: number) => VNode;
  /** Told of the rows that are seen, whenever they change. */
  onSeen: (first: number, last: number) => void;
}

/** Rows that are drawn above and below what is seen. */
const MARGIN = 6;

export function VirtualList({ total, label, rowHeight, row, onSeen }: Props): VNode {
  const list = useRef<HTMLOListElement>(null);
  const [[first, last], setSeen] = useState<[number, number]>([0, Math.min(total, 30)]);

  const look = (): void => {
    const { current } = list;
    if (current === null) return;
    const above = -current.getBoundingClientRect().top;
    const from = Math.max(0, Math.floor(above / rowHeight) - MARGIN);
    const to = Math.min(total, Math.ceil((above + innerHeight) / rowHeight) + MARGIN);
    setSeen((seen) => (seen[0] === from && seen[1] === to ? seen : [from, Math.max(from, to)]));
  };

  useLayoutEffect(look, [total, rowHeight]);
  useEffect(() => {
    let frame = 0;
    const onScroll = (): void => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        look();
      });
    };
    addEventListener('scroll', onScroll, { passive: true });
    addEventListener('resize', onScroll);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener('scroll', onScroll);
      removeEventListener('resize', onScroll);
    };
  }, [total, rowHeight]);
  useEffect(() => onSeen(first, Math.min(last, total)), [first, last, total]);

  /** The arrows go from row to row, and the window follows. */
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const at = (event.target as HTMLElement).closest('li')?.dataset['index'];
    if (step === undefined || at === undefined || (event.target as HTMLElement).matches('input, select, textarea')) return;
    const next = list.current?.querySelector<HTMLElement>(
      `[data-index="${Number(at) + step}"] a, [data-index="${Number(at) + step}"] button`,
    );
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.scrollIntoView({ block: 'nearest' });
  };

  const rows: VNode[] = [];
  for (let index = first; index < Math.min(last, total); index += 1)
    rows.push(
      html`<li
        key=${index}
        data-index=${index}
        aria-setsize=${total}
        aria-posinset=${index + 1}
        style=${{ top: `${index * rowHeight}px`, height: `${rowHeight}px` }}
      >
        ${row(index)}
      </li>`,
    );
  return html`<ol
    class="rows virtual"
    role="list"
    aria-label=${label}
    ref=${list}
    style=${{ height: `${total * rowHeight}px` }}
    onKeyDown=${onKeyDown}
  >
    ${rows}
  </ol>`;
}
