/**
 * Gives each file of tests a database of the shared Redis. Whoever looks for the keys of a prefix there goes through all keys of a database:
 * without this, through those that all files before have left. Two files may have the same one: their prefixes keep them apart.
 */
import { createHash } from 'node:crypto';
import { expect } from 'vitest';

const { testPath = '' } = expect.getState();
const databases = Number(process.env['TEST_REDIS_DATABASES'] ?? 0);
if (databases > 1) {
  const number = createHash('sha256').update(testPath).digest().readUInt32BE();
  process.env['TEST_REDIS_DATABASE'] = String(1 + (number % (databases - 1)));
}
