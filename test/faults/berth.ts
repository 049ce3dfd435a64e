/** A place for one process of a fleet: it is killed and started again there. */
import type { QuireProcess } from '../../scripts/quire-process.ts';

export interface Berth {
  readonly name: string;
  readonly now: QuireProcess | null;
  start(): Promise<void>;
  kill9(): Promise<void>;
  stop(): Promise<void>;
}

/** `fallen` is told of a process that ended although nobody ended it. */
export function createBerth(name: string, fallen: string[], begin: () => Promise<QuireProcess>): Berth {
  let wanted = false;
  let now: QuireProcess | null = null;
  return {
    name,
    get now() {
      return now;
    },
    async start() {
      const quire = await begin();
      wanted = true;
      now = quire;
      void quire.ended.then(({ code, signal, errors }) => {
        if (wanted && now === quire) fallen.push(`${name} ended by itself (${code ?? signal}): ${errors.slice(-500)}`);
      });
    },
    async kill9() {
      wanted = false;
      const quire = now;
      now = null;
      await quire?.kill9();
    },
    async stop() {
      wanted = false;
      await now?.stop();
    },
  };
}

/** The processes that run just now. */
export const running = (berths: readonly Berth[]): QuireProcess[] => berths.flatMap(({ now }) => (now ? [now] : []));
