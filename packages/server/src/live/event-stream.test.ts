import { expect, test } from 'vitest';
import { EventStream } from './event-stream.ts';
import { encodeEvent } from './live-event.ts';

test('an event is its id, its name and JSON without line feeds', () => {
  expect(encodeEvent({ id: 7, name: 'verdict', data: { text: 'a\nb' } })).toBe(
    'id: 7\nevent: verdict\ndata: {"text":"a\\nb"}\n\n',
  );
  expect(encodeEvent({ id: null, name: 'service', data: 1 })).toBe('event: service\ndata: 1\n\n');
});

test('a client that does not read is let go with a reason, and what waits for it stays small', async () => {
  const stream = new EventStream();
  const event = { id: 1, name: 'service' as const, data: 'x'.repeat(1000) };
  for (let i = 0; i < 10_000; i++) stream.send(event);
  expect(stream.readableLength).toBeLessThan(300_000);
  let read = '';
  for await (const part of stream) read += String(part);
  expect(read).toMatch(/event: end\ndata: \{"code":"EBB_SERVER_BUSY","message":"the client reads too slowly/);
  expect(stream.destroyed).toBe(true);
});

test('a client that reads gets everything, and a last event when it is over', async () => {
  const stream = new EventStream();
  stream.send({ id: 1, name: 'hello', data: {} });
  stream.finish({ code: 'EBB_SERVER_UNAUTHORIZED', message: 'the session has ended' });
  stream.send({ id: 2, name: 'verdict', data: {} });
  let read = '';
  for await (const part of stream) read += String(part);
  expect(read).toBe(
    'retry: 3000\n\nid: 1\nevent: hello\ndata: {}\n\n' +
      'event: end\ndata: {"code":"EBB_SERVER_UNAUTHORIZED","message":"the session has ended"}\n\n',
  );
});
