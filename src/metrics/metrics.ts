/** The metrics of one process: what parts record into, and the text that Prometheus reads. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { activeTrace } from '../tracing.ts';
import { FAMILIES } from './families.ts';
import { createRegistry, type Families, type MetricsFormat } from './registry.ts';

/** One object that every part records into: `meters.links.of('queued').add()`. */
export type Meters = Families<typeof FAMILIES>;

export interface Metrics {
  readonly meters: Meters;
  /** Calls `fill` before each look, to set gauges. It must not reject. */
  onLook(fill: () => Promise<void> | void): void;
  /** The metrics as text. */
  expose(format: MetricsFormat): Promise<string>;
  /** Ends what watches the process. */
  close(): void;
}

/** Makes the metrics, and begins to watch the event loop. */
export function createMetrics({ version, role }: { version: string; role: string }): Metrics {
  const { meters, expose } = createRegistry(FAMILIES, () => activeTrace()?.traceId ?? null);
  const fills: (() => Promise<void> | void)[] = [];
  meters.buildInfo.of(version, role).set(1);
  meters.startTime.of().set(Math.round(performance.timeOrigin) / 1000);
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  let cpuSeconds = 0;
  fills.push(() => {
    meters.eventLoopDelay.of().set(delay.max / 1e9);
    delay.reset();
    meters.residentBytes.of().set(process.memoryUsage.rss());
    const { user, system } = process.cpuUsage();
    const used = (user + system) / 1e6;
    meters.cpuSeconds.of().add(used - cpuSeconds);
    cpuSeconds = used;
  });
  return {
    meters,
    onLook: (fill) => void fills.push(fill),
    async expose(format) {
      await Promise.all(fills.map(async (fill) => fill()));
      return expose(format);
    },
    close: () => delay.disable(),
  };
}
