/** Reads the layers of the current layout, best first. */
import { numberIn } from '../findings.ts';
import type { JsonObject } from '../markup/json-slices.ts';
import type { LayerFindings } from '../merge.ts';
import { findJsonLd, readJsonLd } from './json-ld.ts';
import { readNextData } from './next-data.ts';
import type { NextState } from './next-state.ts';
import { readOpenGraph } from './open-graph.ts';
import { readTestIds } from './test-ids.ts';

/** Reads a page with data. The rendered layers are read only when the data lacks a key that it always had. */
export function readDataLayers(page: Buffer, entry: JsonObject, state: NextState, id: string): LayerFindings[] {
  const { findings, complete } = readNextData(entry, state);
  if (findings.url !== undefined && numberIn(findings.url, '/book/show/') !== id) delete findings.url;
  const enough = complete && findings.title !== undefined && findings.authors !== undefined;
  return [['next-data', findings], ...(enough ? [] : readRenderedLayers(page, findJsonLd(page)))];
}

/** Reads what was rendered for readers, search engines and social networks. */
export function readRenderedLayers(page: Buffer, jsonLd: JsonObject | null): LayerFindings[] {
  return [
    ['json-ld', jsonLd === null ? {} : readJsonLd(jsonLd)],
    ['test-id', readTestIds(page)],
    ['open-graph', readOpenGraph(page)],
  ];
}
