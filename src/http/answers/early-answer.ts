/** Answers to requests whose body is still arriving. To close the connection while the caller writes would lose the answer. */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/** What is read and thrown away at most after such an answer, and for how long. */
const SURPLUS_BYTES = 16 * 1024 * 1024;
const SURPLUS_MS = 10_000;

/** Resolves when the body has arrived, the caller is gone, or the connection is closed because there is too much of it. */
async function rest(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let left = SURPLUS_BYTES;
    const finish = (): void => {
      clearTimeout(timer);
      request.off('data', onData);
      resolve();
    };
    const cut = (): void => {
      request.socket.destroySoon();
      finish();
    };
    const onData = (piece: Buffer): void => {
      left -= piece.length;
      if (left < 0) cut();
    };
    const timer = setTimeout(cut, SURPLUS_MS);
    request.on('data', onData).once('end', finish).once('close', finish).once('error', finish).resume();
  });
}

async function* answerThenRest(request: IncomingMessage, answer: Buffer): AsyncGenerator<Buffer> {
  yield answer;
  await rest(request);
}

/** `answer` at once, and its end when the rest of the body was taken. Send it with its `content-length`. */
export const withSurplus = (request: IncomingMessage, answer: Buffer): Readable =>
  Readable.from(answerThenRest(request, answer), { objectMode: false });
