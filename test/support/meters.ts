/** Instruments that nobody reads, for parts that are built by themselves. */
import { FAMILIES } from '../../src/metrics/families.ts';
import type { Meters } from '../../src/metrics/metrics.ts';
import { createRegistry } from '../../src/metrics/registry.ts';

export const testMeters = (): Meters => createRegistry(FAMILIES, () => null).meters;
