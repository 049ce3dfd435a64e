/** What `quire migrate` says of its arguments, and how it ends before its time. */
import { describe, expect, it } from 'vitest';
import { ownPrefix, startQuire } from '../../support/service.ts';
import { links, place, runHere, runMigration } from './command.ts';

describe('quire migrate', () => {
  it('says what is wrong with its arguments, and never a password', async () => {
    const cases: [string[], RegExp][] = [
      [[], /--from is missing/],
      [['--from', 'embedded:./nowhere'], /--to is missing/],
      [['--from', 'mysql://root:s3cret@db/quire', '--to', 'embedded:./nowhere'], /--from must be embedded:<directory>, redis:/],
      [['--from', 'embedded:', '--to', 'embedded:./nowhere'], /--from must be embedded:<directory>, with a directory/],
      [['--from', 'redis://:s3cret@127.0.0.1:99999', '--to', 'embedded:./nowhere'], /--from must be/],
      [['--from', 'REDIS_URL', '--to', 'embedded:./nowhere'], /REDIS_URL is not set/],
      [['--from', 'embedded:./nowhere', '--to', 'embedded:./nowhere'], /Source and target are the same store/],
      [['--from', 'embedded:./nowhere', '--to', 'embedded:./elsewhere'], /There is no Quire to move from: .*nowhere/],
      [['--from', 'embedded:./nowhere', '--speed', '9'], /--speed/],
      [
        ['--from', 'postgres://quire:s3cret@127.0.0.1:1/quire', '--to', 'embedded:./nowhere'],
        /cannot be reached[^]*This run has moved nothing/,
      ],
    ];
    for (const [args, sentence] of cases) {
      const end = await runHere(args);
      expect(end).toEqual([1, '', expect.stringMatching(sentence)]);
      expect(end[2]).not.toContain('s3cret');
    }
    expect(await runHere(['--help'])).toEqual([0, expect.stringContaining('--merge'), '']);
  });

  it('ends after the page under way when it is told to, and says how to go on', { timeout: 120_000 }, async () => {
    const prefix = ownPrefix();
    const [source, target] = [await place('redis', prefix), await place('postgres', prefix)];
    const quire = await startQuire('redis', { env: source.env, role: 'api' });
    await quire.submit(links);
    await quire.stop();
    const args = ['--from', 'REDIS_URL', '--to', 'DATABASE_URL'];
    const env = { QUEUE_PREFIX: prefix, REDIS_URL: source.name, DATABASE_URL: target.name };
    const ended = await runMigration(args, env, (_line, kill) => kill('SIGTERM'));
    expect([ended.code, ended.errors.at(-1)]).toEqual([1, 'Interrupted. The same command goes on from here.']);
    const resumed = await runMigration(args, env);
    expect([resumed.code, resumed.output]).toEqual([
      0,
      expect.stringMatching(/waiting jobs\s+400\s+400 {2}ok[\s\S]*Moved, continuing an earlier run/),
    ]);
  });
});
