/** What to do with an answer of Quire. */
import type { Problem } from './types.ts';

/** What Quire answered instead of what was asked for. `problem` is its explanation (RFC 9457). */
export class QuireError extends Error {
  readonly status: number;
  readonly problem: Partial<Problem>;

  constructor(status: number, problem: Partial<Problem>) {
    super(problem.detail ?? problem.title ?? `Quire answered ${status}.`);
    this.name = 'QuireError';
    this.status = status;
    this.problem = problem;
  }
}

/** The data of an answer, or what Quire said instead. */
export async function answered<T>(answer: Promise<{ data?: T; error?: Partial<Problem>; response: Response }>): Promise<T> {
  const { data, error, response } = await answer;
  if (error !== undefined || data === undefined) throw new QuireError(response.status, error ?? {});
  return data;
}

export async function problemOf(response: Response): Promise<Partial<Problem>> {
  const text = await response.text();
  try {
    return JSON.parse(text) as Problem;
  } catch {
    return { detail: text.slice(0, 200) };
  }
}

/** Ends a request whose answer does not begin in time. */
export async function within(inner: (request: Request) => Promise<Response>, request: Request, timeoutMs: number): Promise<Response> {
  const control = new AbortController();
  const timer = setTimeout(
    () => control.abort(new DOMException(`Quire did not answer within ${timeoutMs} ms.`, 'TimeoutError')),
    timeoutMs,
  );
  try {
    return await inner(new Request(request, { signal: AbortSignal.any([request.signal, control.signal]) }));
  } finally {
    clearTimeout(timer);
  }
}
