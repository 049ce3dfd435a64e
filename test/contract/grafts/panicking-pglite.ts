/** A process with a PGlite of its own that has no place for its log any more. It writes `rejected` at the panic, and `back` when it answers again. */
import { writeSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite, protocol } from '@electric-sql/pglite';

/** What is written later than a call that never comes back would not be written at all. */
const tell = (line: string): void => void writeSync(1, `${line}\n`);

const directory = process.argv[2] ?? '';
const db = await PGlite.create({ dataDir: directory });
await db.exec('CREATE TABLE filled (text text)');
const log = join(directory, 'pg_wal');
await rename(log, `${log}.away`);
const { serialize } = protocol;
const text = `INSERT INTO filled SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 20000)`;
/** Runs the statement as the store does. */
const fill = (): Promise<unknown> =>
  db.execProtocolStream(Buffer.concat([serialize.parse({ text }), serialize.bind({}), serialize.execute({}), serialize.sync()]), {
    syncToFs: false,
  });
try {
  for (;;) await fill();
} catch {
  tell('rejected');
}
await fill().catch(() => undefined);
tell('back');
