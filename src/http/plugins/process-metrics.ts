/** Metrics of the process itself. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { FastifyInstance } from 'fastify';
import { Counter, Gauge, type Registry } from 'prom-client';

/** Under the names that Prometheus' own clients use. The default metrics of prom-client would start observers that never end. */
export function measureProcess(app: FastifyInstance, registry: Registry, version: string): void {
  const registers = [registry];
  new Gauge({ name: 'quire_build_info', help: 'The version that runs.', labelNames: ['version'], registers }).set({ version }, 1);
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  app.addHook('onClose', () => {
    delay.disable();
  });
  void new Gauge({
    name: 'quire_event_loop_delay_seconds',
    help: 'Longest delay of the event loop since the last look.',
    registers,
    collect() {
      this.set(delay.max / 1e9);
      delay.reset();
    },
  });
  void new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  void new Counter({
    name: 'process_cpu_seconds_total',
    help: 'CPU time used.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
}
