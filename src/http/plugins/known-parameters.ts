/** Query parameters that a route does not know are refused: a misspelt option must not pass as if it were obeyed. */
import type { FastifyInstance, FastifyRequest, onRequestHookHandler, RouteOptions } from 'fastify';
import { QuireError } from '../../errors.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Takes any query parameter: pages for people, and what probes and collectors ask. */
    anyParameter?: boolean;
    /** Whether this request's unknown parameters belong to something else: an unencoded link brings its own. */
    ownsParameters?: (query: Record<string, unknown>) => boolean;
  }
}

const MOST_FAULTS = 20;
/** Edits after which a word is another word. */
const MOST_EDITS = 2;

/** `max-age`, `max_age` and `maxAge` are one word. */
const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_.]/g, '');

/** How many letters differ: changed, added, removed, or swapped with the next one. */
function edits(from: string, to: string): number {
  let [before, above]: number[][] = [[], Array.from({ length: to.length + 1 }, (_, at) => at)];
  for (let row = 1; row <= from.length; row += 1) {
    const line = [row];
    for (let at = 1; at <= to.length; at += 1) {
      const same = from[row - 1] === to[at - 1] ? 0 : 1;
      const swapped = row > 1 && at > 1 && from[row - 1] === to[at - 2] && from[row - 2] === to[at - 1];
      const best = Math.min((above?.[at] ?? 0) + 1, (line[at - 1] ?? 0) + 1, (above?.[at - 1] ?? 0) + same);
      line.push(swapped ? Math.min(best, (before?.[at - 2] ?? 0) + 1) : best);
    }
    [before, above] = [above ?? [], line];
  }
  return above?.[to.length] ?? 0;
}

/** The known name that was probably meant; `null` when none is near. */
function nearest(name: string, known: readonly string[]): string | null {
  if (name.length > 40) return null;
  const ranked = known.map((one) => ({ one, distance: edits(plain(name), plain(one)) })).toSorted((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best && best.distance <= Math.min(MOST_EDITS, best.one.length - 1) ? best.one : null;
}

function detailOf(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  if (meant !== null) return `is not known here; did you mean ${meant}?`;
  return known.length === 0
    ? 'is not known here: this path takes no query parameters.'
    : `is not known here. Known are: ${known.join(', ')}.`;
}

function refuse(unknown: readonly string[], known: readonly string[]): never {
  const errors = unknown.slice(0, MOST_FAULTS).map((name) => ({
    pointer: `/query/${name.slice(0, 60).replaceAll('~', '~0').replaceAll('/', '~1')}`,
    detail: detailOf(name, known),
  }));
  const [first] = errors;
  throw new QuireError('invalid-request', `The query parameter ${JSON.stringify(unknown[0]?.slice(0, 60))} ${first?.detail ?? ''}`, {
    errors,
  });
}

/** A hook that refuses what is not among `known`. */
const guardOf =
  (known: readonly string[]): onRequestHookHandler =>
  (request: FastifyRequest, _reply, done) => {
    const query = request.query as Record<string, unknown>;
    const unknown = Object.keys(query).filter((name) => !known.includes(name));
    if (unknown.length === 0 || request.routeOptions.config.ownsParameters?.(query)) return done();
    try {
      refuse(unknown, known);
    } catch (error) {
      done(error as Error);
    }
  };

/** Installs the hook on every route of the OpenAPI document that is added from now on. */
export function installKnownParameters(app: FastifyInstance): void {
  app.addHook('onRoute', (route: RouteOptions) => {
    const { schema, config } = route;
    // HEAD routes are made of GET routes that have their hook already.
    if (!schema?.operationId || config?.anyParameter || route.method === 'HEAD') return;
    const known = Object.keys((schema.querystring as { properties?: object } | undefined)?.properties ?? {});
    route.onRequest = [...[route.onRequest ?? []].flat(), guardOf(known)];
  });
}
