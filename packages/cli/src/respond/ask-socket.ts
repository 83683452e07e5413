import { connect } from 'node:net';

/** What may be answered at the most. */
const mostAnswerBytes = 1_000_000;

/**
 * Sends one line to a Unix socket and reads what is answered, to its end.
 *
 * @throws {Error} what `connect` fails with, or that no answer came until `signal` was aborted
 */
export async function askSocket(path: string, line: string, signal: AbortSignal): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect(path);
    let text = '';
    const give = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    const onAbort = (): void => {
      give(new Error('it did not answer in time, and nobody knows how far it got'));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.length > mostAnswerBytes) give(new Error('it answers more than is ever answered'));
    });
    socket.once('connect', () => socket.write(`${line}\n`));
    socket.once('error', give);
    socket.once('end', () => {
      resolve(text);
    });
    socket.once('close', () => {
      signal.removeEventListener('abort', onAbort);
    });
  });
}
