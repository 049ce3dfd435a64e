/** The items of a batch in one state, read on as the window is scrolled. */
import { ask } from '../api.ts';
import { html, useEffect, useRef, useState, type VNode } from '../preact.ts';
import { emptyBox, errorBox, skeleton } from '../parts/basics.ts';
import { VirtualList } from '../parts/virtual-list.ts';
import { text } from '../text.ts';
import type { Item } from '../types.ts';
import { itemRow, useRowHeight } from './item-row.ts';

const PAGE = 100;
/** A changed count makes the list be read again, no sooner than this in milliseconds. */
const REREAD_MS = 1500;
/** A list longer than this is not read again while it is looked at. */
const MOST_REREAD = 200;

interface Props {
  batchId: string;
  state: string;
  /** How many items are in this state now. */
  counted: number;
  onChanged: () => void;
}

interface ItemPage {
  items: Item[];
  cursor: string | null;
}

export function FilteredItems({ batchId, state, counted, onChanged }: Props): VNode {
  const [items, setItems] = useState<Item[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const cursor = useRef<string | null>(null);
  const reading = useRef(false);
  const rowHeight = useRowHeight();

  const read = async (after: string | null): Promise<void> => {
    if (reading.current) return;
    reading.current = true;
    try {
      const limit = after === null ? Math.min(MOST_REREAD, Math.max(PAGE, items?.length ?? 0)) : PAGE;
      const page = await ask<ItemPage>(
        `/batches/${batchId}/items?books=true&state=${state}&limit=${limit}${after === null ? '' : `&cursor=${after}`}`,
      );
      cursor.current = page.cursor;
      setItems((before) => (after === null ? page.items : [...(before ?? []), ...page.items]));
      setError(null);
    } catch (thrown) {
      setError(thrown);
    } finally {
      reading.current = false;
    }
  };

  useEffect(() => {
    if (items !== null && items.length > MOST_REREAD) return;
    const timer = setTimeout(() => void read(null), items === null ? 0 : REREAD_MS);
    return () => clearTimeout(timer);
  }, [counted]);

  if (items === null) return error === null ? skeleton(6) : errorBox(error, () => void read(null));
  if (items.length === 0) return emptyBox(text.watch.empty);
  const onSeen = (_first: number, last: number): void => {
    if (last >= items.length - 10 && cursor.current !== null) void read(cursor.current);
  };
  return html`<${VirtualList}
    total=${items.length}
    label=${text.watch.list}
    rowHeight=${rowHeight}
    onSeen=${onSeen}
    row=${(index: number) => itemRow(items[index], onChanged)}
  />`;
}
