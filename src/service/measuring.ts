/** Parts that record what they do, made around the parts of the use cases. The other recording is in crawl/, queue/, storage/ and http/. */
import type { Batches } from '../app/batches/batch-view.ts';
import type { ParserWatch } from '../app/parser-watch.ts';
import type { Meters } from '../metrics/metrics.ts';
import { countsOfBook } from '../parser/drift.ts';
import type { Deliver } from '../webhooks/deliver.ts';

/** Counts the entries of submissions by what became of them. */
export function measureBatches(batches: Batches, { links }: Pick<Meters, 'links'>): Batches {
  const count = <T extends { counts: Record<string, number> } | null>(answer: T): T => {
    for (const [status, n] of Object.entries(answer?.counts ?? {})) if (status !== 'total' && n > 0) links.of(status).add(n);
    return answer;
  };
  return {
    ...batches,
    submit: async (...sent) => count(await batches.submit(...sent)),
    add: async (...sent) => count(await batches.add(...sent)),
  };
}

/** Counts pages by kind, and the fields of books by the layer that gave them. */
export function measureWatch(
  watch: ParserWatch,
  { pagesRead, fields, copies }: Pick<Meters, 'pagesRead' | 'fields' | 'copies'>,
): ParserWatch {
  return {
    ...watch,
    observe(kind, book, stored) {
      watch.observe(kind, book, stored);
      pagesRead.of(kind).add();
      if (stored) copies.of(stored).add();
      for (const name of book ? Object.keys(countsOfBook(book)) : []) {
        const [what, field = '', layer = 'absent'] = name.split(':');
        if (what === 'found' || what === 'missing') fields.of(field, layer).add();
      }
    },
  };
}

/** Counts calls of webhooks by what came of them. */
export function measureDeliver(deliver: Deliver, { deliveries }: Pick<Meters, 'deliveries'>): Deliver {
  return async (...call) => {
    const outcome = await deliver(...call);
    deliveries.of(outcome.kind === 'ended' ? outcome.state : 'retry').add();
    return outcome;
  };
}
