/** Links of the old layout that name a series or a contributor. */
import type { Contributor, SeriesEntry } from '../../domain/book.ts';
import { address, numberIn } from '../findings.ts';
import { attribute, findAll, hasClass, type Markup } from '../markup/markup.ts';
import { line, textOf } from '../markup/text.ts';

/** Reads the links to `/series/…`. Their text is "Name #1", "Name, #0.5" or "(Name #1-3)". */
export function seriesLinks(root: Markup): SeriesEntry[] {
  const found: SeriesEntry[] = [];
  for (const link of findAll(root, (element) => element.name === 'a' && (attribute(element, 'href') ?? '').includes('/series/'))) {
    const text = textOf(link)?.replace(/^\((.*)\)$/, '$1');
    if (text === undefined || text === '') continue;
    const mark = text.lastIndexOf(' #');
    const title = line((mark < 1 ? text : text.slice(0, mark)).replace(/,\s*$/, ''));
    if (title === null) continue;
    found.push({
      id: numberIn(address(attribute(link, 'href')), '/series/'),
      title,
      position: mark < 1 ? null : line(text.slice(mark + 2)),
    });
  }
  return found;
}

/**
 * Each contributor is a link in its own container. Members have "(Goodreads Author)" after it, then the role follows in brackets. The role
 * has the class `authorName` too, so only links count as names. Before 2020 there was no container.
 */
export function contributorLinks(root: Markup): Contributor[] {
  const found: Contributor[] = [];
  let last: Contributor | null = null;
  for (const element of findAll(root, (each) => hasClass(each, 'authorName') || hasClass(each, 'role'))) {
    if (element.name === 'a') {
      const name = textOf(element);
      const url = address(attribute(element, 'href'));
      last = name === null ? null : { id: numberIn(url, '/author/show/'), name, role: null, url };
      if (last !== null) found.push(last);
    } else if (last !== null && hasClass(element, 'role')) {
      const role = line(textOf(element)?.replace(/^\(|\)$/g, ''));
      last.role = role === 'Author' || role === 'Goodreads Author' ? last.role : role;
    }
  }
  return found;
}
