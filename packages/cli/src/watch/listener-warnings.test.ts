import { EventEmitter, once } from 'node:events';
import type { Finding } from '@ebb/heap';
import { expect, test } from 'vitest';
import { reportNamed } from '../fixtures/report.ts';
import { ListenerWarnings } from './listener-warnings.ts';

/** What this Node.js says of one listener too many. */
async function warningOf(addTooMany: () => void): Promise<string> {
  const warned = once(process, 'warning');
  addTooMany();
  const [warning] = (await warned) as [Error];
  expect(warning.name).toBe('MaxListenersExceededWarning');
  return warning.message;
}

const [reportFinding] = reportNamed('bus').findings as [Finding];
const listeners = { ...reportFinding, kind: 'listener', event: 'order:paid' } as const;

test('a warning of an emitter stands beside the finding about the same event', async () => {
  class Bus extends EventEmitter {}
  const bus = new Bus().setMaxListeners(3);
  const message = await warningOf(() => {
    for (let i = 0; i < 4; i++) bus.on('order:paid', () => i);
  });
  const warnings = new ListenerWarnings();
  warnings.add(message, 1200.4);
  expect(warnings.join([listeners])[0]?.warned).toEqual({
    event: 'order:paid',
    emitter: '[Bus]',
    listeners: 4,
    afterMs: 1200,
  });
  expect(warnings.join([{ ...listeners, event: 'order:sent' }, reportFinding])).toEqual([
    { ...listeners, event: 'order:sent' },
    reportFinding,
  ]);
});

test('a warning of an event target is read as well', async () => {
  const target = new EventTarget();
  const message = await warningOf(() => {
    for (let i = 0; i < 11; i++) target.addEventListener('abort', () => i);
  });
  const warnings = new ListenerWarnings();
  warnings.add(message, 0);
  expect(warnings.join([{ ...listeners, event: 'abort' }])[0]?.warned).toMatchObject({ event: 'abort', listeners: 11 });
});

test('of several emitters the one with the most listeners is told; other texts say nothing', () => {
  const warnings = new ListenerWarnings();
  for (const many of [11, 51, 21])
    warnings.add(`Possible leak. ${many} order:paid listeners added to [Bus]. Use`, many);
  warnings.add('something else', 5);
  expect(warnings.join([listeners])[0]?.warned).toMatchObject({ listeners: 51, afterMs: 51 });
});

test('no more are kept than could be read', () => {
  const warnings = new ListenerWarnings();
  for (let i = 0; i < 100; i++) warnings.add(`11 e${i} listeners added to [Bus]. Use`, i);
  expect(warnings.join([{ ...listeners, event: 'e49' }])[0]?.warned).toBeDefined();
  expect(warnings.join([{ ...listeners, event: 'e50' }])[0]).not.toHaveProperty('warned');
});
