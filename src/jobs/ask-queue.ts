/** Asking BullMQ on behalf of an HTTP request: in time, and with an error that the caller can be told. */
import { QuireError } from '../errors.ts';

/** The API's promise is an answer within 2 s when the store is away; a thousand jobs are added in some 30 ms. */
const ASK_TIMEOUT_MS = 1_900;
/** How long the queue may be away while a worker starts, in milliseconds: the driver tries again meanwhile. */
export const START_TIMEOUT_MS = 10_000;

/** Awaits `work`. Rejects with `store-unavailable` when it fails or takes longer than the API may (or `timeoutMs`): BullMQ fails where its store does. */
export async function askQueue<T>(work: Promise<T>, timeoutMs: number = ASK_TIMEOUT_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new QuireError('store-unavailable', 'The queue does not answer in time.', { retryAfterSeconds: 2 })),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([work, tooLate]);
  } catch (error) {
    if (error instanceof QuireError) throw error;
    throw new QuireError('store-unavailable', `The queue does not answer: ${(error as Error).message}`, {
      cause: error,
      retryAfterSeconds: 2,
    });
  } finally {
    clearTimeout(timer);
  }
}
