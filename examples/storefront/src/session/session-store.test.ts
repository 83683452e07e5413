import { expect, test } from 'vitest';
import { SessionStore } from './session-store.ts';

function openStore(): { sessions: SessionStore; pass: (timeMs: number) => void } {
  let nowMs = 0;
  return {
    sessions: new SessionStore({ idleMs: 1000, now: () => nowMs }),
    pass: (timeMs) => {
      nowMs += timeMs;
    },
  };
}

test('a session is found by its id until it is closed', () => {
  const { sessions } = openStore();
  const session = sessions.open();
  expect(sessions.find(session.id)).toBe(session);
  sessions.close(session);
  expect(sessions.find(session.id)).toBeUndefined();
});

test('a session that is used stays; one that is idle is over', () => {
  const { sessions, pass } = openStore();
  const session = sessions.open();
  pass(1000);
  expect(sessions.find(session.id)).toBe(session);
  pass(1000);
  expect(sessions.find(session.id)).toBe(session);
  pass(1001);
  expect(sessions.find(session.id)).toBeUndefined();
});

test('a sweep ends the idle sessions and no others', () => {
  const { sessions, pass } = openStore();
  const idle = sessions.open();
  pass(600);
  const used = sessions.open();
  pass(600);
  sessions.sweep();
  expect(sessions.size).toBe(1);
  expect(sessions.find(idle.id)).toBeUndefined();
  expect(sessions.find(used.id)).toBe(used);
});

test('a rotated session is found by its fresh id, and the id from before opens nothing', () => {
  const { sessions } = openStore();
  const session = sessions.open();
  const before = session.id;
  sessions.rotate(session);
  expect(session.id).not.toBe(before);
  expect(sessions.find(session.id)).toBe(session);
  expect(sessions.find(before)).toBeUndefined();
});

test('a rotated session that is closed or swept is over under both of its ids', () => {
  const { sessions, pass } = openStore();
  const closed = sessions.open();
  const swept = sessions.open();
  const ids = [closed.id, swept.id];
  sessions.rotate(closed);
  sessions.rotate(swept);
  ids.push(closed.id, swept.id);
  sessions.close(closed);
  pass(1001);
  sessions.sweep();
  expect(ids.map((id) => sessions.find(id))).toEqual([undefined, undefined, undefined, undefined]);
});
