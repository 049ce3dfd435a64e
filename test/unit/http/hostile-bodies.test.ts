/** Bodies that are small to send and would be dear to refuse: while one is looked at, nobody else is answered. */
import { describe, expect, it } from 'vitest';
import type { QuireError } from '../../../src/errors.ts';
import { createCheck } from '../../../src/http/plugins/validation.ts';
import { readMultipart } from '../../../src/http/requests/multipart.ts';
import { LinkListSchema, LinkObjectSchema } from '../../../src/http/schemas/batch.ts';

/** Milliseconds of processor time, which a busy machine does not lengthen. */
async function costOf(act: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function faultsOf(check: (value: unknown) => unknown, value: unknown): unknown {
  try {
    return check(value);
  } catch (error) {
    return (error as QuireError).errors;
  }
}

describe('what is wrong with a body', () => {
  const numbers = Array.from({ length: 900_000 }, () => 0);
  const tooMany = 'must have at most 10,000 items';

  it('of a million numbers is found without looking at each', async () => {
    let faults: unknown[] = [];
    const cost = await costOf(() => {
      faults = [faultsOf(createCheck(LinkListSchema), numbers), faultsOf(createCheck(LinkObjectSchema), { urls: numbers })];
    });
    expect(faults).toEqual([[{ pointer: '', detail: tooMany }], [{ pointer: '/urls', detail: tooMany }]]);
    // It was 3,000 ms.
    expect(cost).toBeLessThan(1_000);
  });

  it('of 50,000 unknown names is told of the first', async () => {
    const names = Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`k${n}`, 1]));
    let faults: unknown;
    const cost = await costOf(() => (faults = faultsOf(createCheck(LinkObjectSchema), { ...names, urls: ['x'] })));
    expect(faults).toContainEqual({ pointer: '/k0', detail: 'is not a field that is known here' });
    expect(cost).toBeLessThan(1_000);
  });
});

describe('a message about bad input', () => {
  const detailsOf = (value: unknown): unknown =>
    (faultsOf(createCheck(LinkObjectSchema), value) as { pointer: string; detail: string }[]).map(
      ({ pointer, detail }) => `${pointer} ${detail}`,
    );

  it.each([
    [{ urls: [] }, ['/urls must have at least 1 item']],
    [{ urls: 'x' }, ['/urls must be a list']],
    [{}, [' must have urls']],
    [{ urls: ['x'], maxAge: -1 }, ['/maxAge must be at least 0']],
    [{ urls: ['x'], maxAge: 1.5 }, ['/maxAge must be a whole number']],
    [{ urls: ['x'], open: 'yes' }, ['/open must be true or false']],
    [{ urls: ['x'], until: { field: 'title', contains: '' } }, ['/until/contains must not be empty']],
    [{ urls: ['x'], until: { field: 'title', gte: [] } }, ['/until/gte must be a number', '/until/gte must be text']],
    [{ urls: ['x'], maxage: 5 }, ['/maxage is not a field that is known here']],
  ])('of %j is English', (value, details) => {
    expect(detailsOf(value)).toEqual(details);
  });
});

describe('a form', () => {
  it.each([
    ['files', 'content-disposition: form-data; name="a"; filename="a"', 'more than 2000 files'],
    ['fields', 'content-disposition: form-data; name="a"', 'more than 4000 parts'],
  ])('of 200,000 %s is read no further than its limit', async (_what, head, said) => {
    const body = Buffer.from(`${`--b\r\n${head}\r\n\r\nx\r\n`.repeat(200_000)}--b--\r\n`);
    let refused: unknown;
    const cost = await costOf(async () => {
      refused = await readMultipart('multipart/form-data; boundary=b', body).catch((error: unknown) => error);
    });
    expect(refused).toMatchObject({ code: 'invalid-request', message: expect.stringContaining(said) as string });
    // It was 5,000 ms and more.
    expect(cost).toBeLessThan(1_500);
  });
});
