import type { Response } from 'express';
import type { Figures } from './figures.ts';
import type { LiveFigures } from './live-figures.ts';

/** Sends the figures and each change of them as server-sent events, until the viewer leaves. */
export function streamFigures(live: LiveFigures, response: Response): void {
  response.on('close', () => {
    live.close();
  });
  response.status(200).set({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const send = (figures: Figures): void => {
    response.write(`data: ${JSON.stringify(figures)}\n\n`);
  };
  send(live.current());
  live.watch(send);
}
