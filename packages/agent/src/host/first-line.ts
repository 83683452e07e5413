import type { Socket } from 'node:net';
import { quietly } from './quietly.ts';

/** Hands on the first line that a peer sends, ASCII, without its end; null when it is longer. What follows is passed over. */
export function hearFirstLine(socket: Socket, mostBytes: number, hear: (line: string | null) => void): void {
  let text = '';
  const take = quietly(
    (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\n');
      if (end < 0 && text.length <= mostBytes) return;
      socket.off('data', take).resume();
      hear(end < 0 ? null : text.slice(0, end));
    },
    () => socket.destroy(),
  );
  socket.on('data', take);
}
