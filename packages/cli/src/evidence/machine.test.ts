import type { FindingsReport } from '@ebb/heap';
import { describe, expect, test } from 'vitest';
import { leaking, MB, play, type Scene } from './fixtures/play.ts';
import { EvidenceMachine } from './machine.ts';
import { paceOf } from './pace.ts';

describe('the evidence of a leak', () => {
  test('is three snapshots with work between them, and then the leak is confirmed and the snapshots are dropped', () => {
    expect(play(leaking, 60).log).toEqual([
      '12: capture 1 of 3',
      '22: capture 2 of 3',
      '32: capture 3 of 3',
      '32: analyse 12 22 32',
      '32: confirmed',
      '32: discard 3',
    ]);
  });

  test('is taken without collections where none may be asked for', () => {
    const { log } = play({ ...leaking, floorBytes: leaking.floorBytes }, 90, { collections: 'never' });
    expect(log.filter((line) => line.includes('capture'))).toHaveLength(3);
    expect(log.at(-2)).toMatch(/confirmed/u);
  });

  test('waits for its turn while another process is being looked at', () => {
    expect(play({ ...leaking, mayCapture: (second) => second >= 30 }, 40).log[0]).toBe('30: capture 1 of 3');
  });

  test('waits for requests when a web service has none, because idle growth proves nothing', () => {
    const paused: Scene = {
      ...leaking,
      requests: (second) => (second < 12 ? 100 * second : second < 300 ? 1200 : 1200 + 100 * (second - 300)),
    };
    expect(play(paused, 340).log.slice(0, 2)).toEqual(['12: capture 1 of 3', '301: capture 2 of 3']);
  });

  test('is given up when no request comes for long', () => {
    const abandoned: Scene = { ...leaking, requests: (second) => 100 * Math.min(second, 12) };
    expect(play(abandoned, 700).log.slice(0, 3)).toEqual([
      '12: capture 1 of 3',
      '612: refuted (no work came, so nothing could be compared)',
      '612: discard 1',
    ]);
  });

  test('never begins for growth outside the heap, which a heap snapshot does not show', () => {
    expect(play({ ...leaking, verdict: () => 'native', suspicious: () => true }, 100).log).toEqual([]);
  });

  test('asks for one more snapshot, and keeps the longest span, when the trend has calmed down meanwhile', () => {
    const fading: Scene = {
      ...leaking,
      verdict: (second) => (second >= 30 && second < 40 ? 'bounded' : 'warming'),
      suspicious: (second) => second >= 12 && (second < 30 || second >= 40),
    };
    expect(play(fading, 60).log).toEqual([
      '12: capture 1 of 3',
      '22: capture 2 of 3',
      '32: capture 3 of 3',
      '32: analyse 12 22 32',
      '32: discard 1',
      '47: capture 4 of 4',
      '47: analyse 12 32 47',
      '47: confirmed',
      '47: discard 3',
    ]);
  });
});

describe('growth of which no snapshot can be had', () => {
  const cramped: Scene = { ...leaking, verdict: () => 'warming', captureFails: () => true };

  test('is narrowed down by three profiles with work between them, never confirmed, and looked at again after a rest', () => {
    const { log, light } = play(cramped, 160);
    expect(log).toEqual([
      '12: capture 1 of 3',
      '22: narrowed (no room)',
      '83: capture 1 of 3',
      '93: narrowed (no room)',
    ]);
    expect(light.slice(0, 5)).toEqual([
      '12: sampling on',
      '12: profile alone, end',
      '17: profile alone, between',
      '22: profile alone, end',
      '22: sampling off',
    ]);
  });

  test('that is too slow for three profiles gets further ones, each twice as far from the last', () => {
    const slow = play({ ...cramped, profiles: (time) => (time < 5 ? 'nothing' : 'grown') }, 100);
    expect(slow.light.filter((line) => line.includes('profile')).map((line) => Number.parseInt(line, 10))).toEqual([
      12, 17, 22, 31, 49,
    ]);
    expect(slow.log).toEqual(['12: capture 1 of 3', '49: narrowed (no room)']);
  });

  test('is left alone when it stops growing, and when no work comes', () => {
    const calm: Scene = {
      ...cramped,
      suspicious: (second) => second === 12,
      verdict: (s) => (s > 12 ? 'clean' : 'warming'),
    };
    expect(play(calm, 60).log).toEqual(['12: capture 1 of 3', '17: refuted (memory did not rise any further)']);
    const idle: Scene = { ...cramped, requests: (second) => 100 * Math.min(second, 12) };
    const { log } = play(idle, 700);
    expect(log).toContain('612: refuted (no work came, so nothing could be compared)');
  });

  test('lets others have their turn while it waits for work', () => {
    const idle: Scene = { ...cramped, requests: (second) => 100 * Math.min(second, 12) };
    expect(play(cramped, 15).machine.holdsTurn).toBe(true);
    expect(play(idle, 30).machine.holdsTurn).toBe(false);
  });

  test('is told by the two snapshots that there are, when the third fails: who keeps it is a suspect then', () => {
    const lastFails: Scene = { ...cramped, captureFails: (ordinal) => ordinal === 3 };
    expect(play(lastFails, 40).log).toEqual([
      '12: capture 1 of 3',
      '22: capture 2 of 3',
      '32: capture 3 of 3',
      '32: analyse 12 22',
      '32: refuted (no room)',
      '32: discard 2',
    ]);
  });

  test('begins with profiles when the second snapshot fails, and the first one is dropped', () => {
    const secondFails: Scene = { ...cramped, captureFails: (ordinal) => ordinal === 2 };
    expect(play(secondFails, 40).log).toEqual([
      '12: capture 1 of 3',
      '22: capture 2 of 3',
      '22: discard 1',
      '32: narrowed (no room)',
    ]);
  });
});

describe('evidence that costs little', () => {
  const forked: Scene = { ...leaking, method: 'fork', pauseMs: 20, bytesPerSecond: MB };

  test('comes twice as fast: the distance of forked snapshots follows their pauses', () => {
    expect(play(forked, 60).log.slice(0, 5)).toEqual([
      '12: capture 1 of 3',
      '17: capture 2 of 3',
      '22: capture 3 of 3',
      '22: analyse 12 17 22',
      '22: confirmed',
    ]);
    expect(play({ ...forked, pauseMs: 240 }, 60).log.slice(0, 3)).toEqual([
      '12: capture 1 of 3',
      '20: capture 2 of 3',
      '28: capture 3 of 3',
    ]);
  });

  test('asks for no collection between forked snapshots: a profile stands for the one before the next', () => {
    const { light, collections } = play(forked, 22);
    const { collections: before } = play(forked, 12);
    expect(light).toEqual(['12: sampling on', '17: profile', '22: profile', '22: sampling off']);
    expect(collections).toBe(before);
  });

  test('never samples allocations without a doubt, nor where no collection may be asked for', () => {
    expect(play({ ...forked, suspicious: () => false, verdict: () => 'clean' }, 100).light).toEqual([]);
    expect(play(forked, 60, { collections: 'never' }).light).toEqual([]);
  });

  test('with collections for evidence only leaves a calm program alone, and samples and confirms all the same', () => {
    const calm: Scene = { ...forked, suspicious: () => false, verdict: () => 'clean' };
    expect(play(calm, 100).collections).toBeGreaterThan(0);
    expect(play(calm, 100, { collections: 'for evidence' }).collections).toBe(0);
    const { light, log } = play(forked, 60, { collections: 'for evidence' });
    expect(light.filter((line) => line.includes('profile'))).toHaveLength(2);
    expect(log.some((line) => line.includes('confirmed'))).toBe(true);
  });

  test('stops the sampling when the doubt is gone', () => {
    const { light, log } = play({ ...forked, verdict: () => 'warming', analysis: () => 'clean' }, 40);
    expect(log).toContain('22: refuted (nothing in the snapshots grows with the work)');
    expect(light.at(-1)).toBe('22: sampling off');
  });

  test('is looked at again after half the rest', () => {
    const { log } = play({ ...forked, verdict: () => 'warming', analysis: () => 'clean' }, 100);
    const first = log.filter((line) => line.includes('capture 1')).map((line) => Number.parseInt(line, 10));
    expect(first).toEqual([12, 22 + 28]);
  });
});

describe('a bound', () => {
  const told = (kind: string): FindingsReport['findings'] =>
    [
      { verdict: 'bounded', subject: 'cache (Map)', reason: 'it is so', bound: { kind } },
    ] as unknown as FindingsReport['findings'];

  test('that the heap shows ends the evidence', () => {
    for (const kind of ['slots', 'declared']) {
      expect(play({ ...leaking, analysis: () => 'bounded', findings: told(kind) }, 40).log).toContain('32: bounded');
    }
  });

  test('that is only growth which slows down is none: it is looked at further, and watched after that', () => {
    const { log } = play({ ...leaking, analysis: () => 'bounded', findings: told('slowing') }, 80);
    expect(log.filter((line) => line.includes('analyse'))).toHaveLength(3);
    expect(log.some((line) => line.endsWith(': bounded'))).toBe(false);
    expect(log).toContain('70: refuted (of cache (Map), it is so)');
    expect(log.at(-1)).not.toContain('retracted');
  });
});

describe('a suspicion', () => {
  test('is refuted without a further snapshot when the floor does not rise any more', () => {
    const warmUp: Scene = {
      floorBytes: (second) => 20 * MB + Math.min(second, 13) * MB,
      suspicious: (second) => second >= 12 && second < 20,
    };
    expect(play(warmUp, 60).log).toEqual([
      '12: capture 1 of 3',
      '22: capture 2 of 3',
      '52: refuted (memory did not rise any further)',
      '52: discard 2',
    ]);
  });

  test('is not refuted by the floor that the snapshot itself left behind', () => {
    const { log } = play({ ...leaking, verdict: () => 'warming', snapshotLeavesFloor: true, collectionMs: 3000 }, 90);
    expect(log).toContain('42: capture 2 of 3');
    expect(log.some((line) => line.includes('did not rise'))).toBe(false);
  });

  test('is refuted by clean snapshots, and looked at again after a rest that doubles', () => {
    const { log } = play({ ...leaking, verdict: () => 'warming', analysis: () => 'clean' }, 400);
    const first = log.filter((line) => line.includes('capture 1')).map((line) => Number.parseInt(line, 10));
    expect(first).toEqual([12, 32 + 61, 93 + 20 + 121]);
    expect(log).toContain('32: refuted (nothing in the snapshots grows with the work)');
  });

  test('is looked at again earlier when the judge, unsure before, has become sure', () => {
    const { log } = play(
      {
        ...leaking,
        verdict: (second) => (second < 60 ? 'warming' : 'leak'),
        analysis: (time) => (time === 1 ? 'clean' : 'leak'),
      },
      100,
    );
    expect(log).toContain('61: capture 1 of 3');
    expect(log).toContain('81: confirmed');
  });

  test('ends as bounded when what grows has a declared bound', () => {
    expect(play({ ...leaking, analysis: () => 'bounded' }, 40).log).toContain('32: bounded');
  });

  test('is left to rest when the program cannot write a snapshot, and allocations cannot be sampled either', () => {
    const mute: Scene = { ...leaking, verdict: () => 'warming', captureFails: () => true };
    const refuted = ['12: capture 1 of 3', '12: refuted (no room)'];
    expect(play(mute, 60, { collections: 'never' }).log).toEqual(refuted);
    expect(play({ ...mute, profileFails: true }, 60).log).toEqual(refuted);
  });

  test('is left to rest when the snapshots cannot be analysed', () => {
    expect(play({ ...leaking, analysis: () => 'error' }, 40).log).toContain('32: refuted (unreadable)');
  });

  test('may come and go while the snapshots are taken: they confirm it, unless the judge says that growth is over', () => {
    const unsure: Scene = { ...leaking, suspicious: (second) => second >= 12 && second < 20, verdict: () => 'warming' };
    expect(play(unsure, 120).log.filter((line) => /confirmed|refuted|retracted/.test(line))).toEqual(['32: confirmed']);
    const settled: Scene = { ...unsure, verdict: (second) => (second < 30 ? 'warming' : 'bounded') };
    expect(play(settled, 120).log).toContain('70: refuted (growth could not be proven)');
    const forked: Scene = { ...unsure, method: 'fork', pauseMs: 8, bytesPerSecond: MB };
    expect(play(forked, 120).log.filter((line) => /capture|confirmed/.test(line))).toEqual([
      '12: capture 1 of 3',
      '17: capture 2 of 3',
      '22: capture 3 of 3',
      '22: confirmed',
    ]);
  });

  test('is not proven by growth that the analyser only suspects, however long it is looked at', () => {
    const { log } = play({ ...leaking, analysis: () => 'suspect' }, 100);
    expect(log.filter((line) => line.includes('analyse'))).toEqual([
      '32: analyse 12 22 32',
      '47: analyse 12 32 47',
      '70: analyse 12 47 70',
    ]);
    expect(log).toContain('70: refuted (growth could not be proven)');
  });
});

describe('a confirmed leak', () => {
  test('is taken back when what had piled up is given back', () => {
    const { log } = play({ ...leaking, floorBytes: (second) => (second < 50 ? 20 + second : 25) * MB }, 80);
    expect(log.find((line) => line.includes('retracted'))).toMatch(/given back/u);
  });

  test('is taken back when memory stands still although as many requests come as before', () => {
    const full: Scene = {
      ...leaking,
      floorBytes: (second) => (20 + Math.min(second, 45)) * MB,
      verdict: (second) => (second < 60 ? 'leak' : 'bounded'),
      suspicious: (second) => second >= 12 && second < 60,
    };
    expect(play(full, 120).log.find((line) => line.includes('retracted'))).toBe(
      '100: retracted (memory stood still although the work went on)',
    );
  });

  test('stands while the judge is not sure: growth that it calls slower is growth', () => {
    const unsure: Scene = { ...leaking, verdict: (second) => (second < 60 ? 'leak' : 'warming') };
    const slower: Scene = { ...unsure, suspicious: (second) => second >= 12 && second < 60 };
    expect(play(slower, 300).log.some((line) => line.includes('retracted'))).toBe(false);
  });

  test('stands while the program has nothing to do', () => {
    const idle: Scene = {
      ...leaking,
      floorBytes: (second) => (20 + Math.min(second, 45)) * MB,
      requests: (second) => 100 * Math.min(second, 45),
      verdict: (second) => (second < 60 ? 'leak' : 'bounded'),
      suspicious: (second) => second >= 12 && second < 60,
    };
    expect(play(idle, 400).log.some((line) => line.includes('retracted'))).toBe(false);
  });
});

test('a healthy program is asked for few collections, and for no snapshot', () => {
  const machine = new EvidenceMachine(paceOf(1000), { collections: 'whenever' });
  let collections = 0;
  let floorAtMs = 0;
  for (let second = 0; second <= 600; second++) {
    const nowMs = second * 1000;
    const actions = machine.step({
      kind: 'sample',
      nowMs,
      verdict: second < 30 ? 'warming' : 'clean',
      suspicious: false,
      floor: { id: collections, ageMs: nowMs - floorAtMs, bytes: 30 * MB },
      requests: second,
      busyShare: 0.01,
      bytesPerSecond: 0,
      mayCapture: true,
    });
    for (const action of actions) {
      expect(action.kind).toBe('collect');
      collections++;
      floorAtMs = nowMs;
      machine.step({ kind: 'collected', nowMs, ok: true, tookMs: 60, floorBytes: 30 * MB });
    }
  }
  expect(collections).toBeGreaterThan(20);
  expect((collections * 60) / 600_000).toBeLessThan(0.01);
});
