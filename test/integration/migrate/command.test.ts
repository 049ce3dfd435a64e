/** What `quire migrate` says of its arguments. */
import { describe, expect, it } from 'vitest';
import { runHere } from './command.ts';

describe('quire migrate', () => {
  it('says what is wrong with its arguments, and never a password', async () => {
    const cases: [string[], RegExp, code?: number][] = [
      [[], /--from is missing/],
      [['--from', 'embedded:./nowhere'], /--to is missing/],
      [['--from', 'mysql://root:s3cret@db/quire', '--to', 'embedded:./nowhere'], /--from must be embedded:<directory>, redis:/],
      [['--from', 'embedded:', '--to', 'embedded:./nowhere'], /--from must be embedded:<directory>, with a directory/],
      [['--from', 'redis://:s3cret@127.0.0.1:99999', '--to', 'embedded:./nowhere'], /--from must be/],
      [['--from', 'REDIS_URL', '--to', 'embedded:./nowhere'], /REDIS_URL is not set/],
      [['--from', 'embedded:./nowhere', '--to', 'embedded:./nowhere'], /Source and target are the same store/, 1],
      [['--from', 'embedded:./nowhere', '--to', 'embedded:./elsewhere'], /There is no Quire to move from: .*nowhere/, 1],
      [['--from', 'embedded:./nowhere', '--speed', '9'], /--speed/],
      [
        ['--from', 'postgres://quire:s3cret@127.0.0.1:1/quire', '--to', 'embedded:./nowhere'],
        /cannot be reached[^]*This run has moved nothing/,
        5,
      ],
    ];
    for (const [args, sentence, code = 2] of cases) {
      const end = await runHere(args);
      expect(end).toEqual([code, '', expect.stringMatching(sentence)]);
      expect(end[2]).not.toContain('s3cret');
    }
    expect(await runHere(['--help'])).toEqual([0, expect.stringContaining('--merge'), '']);
  });
});
