import type { FindingsReport } from '@ebb/heap';
import { describe, expect, test } from 'vitest';
import type { EvidenceAction, EvidenceEvent } from './events.ts';
import { EvidenceMachine, type Collections } from './machine.ts';
import { paceOf } from './pace.ts';

const MB = 1e6;

/** A program told as a timeline of seconds: what its memory does, and what the judge would say of it. */
interface Scene {
  floorBytes(second: number): number;
  verdict?(second: number): 'clean' | 'warming' | 'bounded' | 'leak' | 'native';
  suspicious?(second: number): boolean;
  requests?(second: number): number | null;
  mayCapture?(second: number): boolean;
  /** What the analyser says of the n-th set of snapshots. */
  analysis?(time: number): FindingsReport['verdict'] | 'error';
  findings?: FindingsReport['findings'];
  captureFails?(ordinal: number): boolean;
  /** Writing a snapshot collects, and leaves a floor of that moment. */
  snapshotLeavesFloor?: boolean;
  /** How snapshots are taken; default: inline. */
  method?: 'fork' | 'inline';
  pauseMs?: number;
  /** What the judge says of the slope. */
  bytesPerSecond?: number;
  /** What a collection takes; so long ones are not asked for again soon. */
  collectionMs?: number;
}

/**
 * Plays a scene, answering the machine as a well-behaved program would, and returns what it did as `second: action`;
 * `light` is what was asked of allocations.
 */
function play(
  scene: Scene,
  seconds: number,
  options: { collections?: Collections } = {},
): { log: string[]; machine: EvidenceMachine; light: string[]; collections: number } {
  const machine = new EvidenceMachine(paceOf(1000), { collections: options.collections ?? 'whenever' });
  const log: string[] = [];
  let analyses = 0;
  const light: string[] = [];
  let collections = 0;
  let floor = { id: 0, atMs: 0, bytes: scene.floorBytes(0) };
  const feed = (event: EvidenceEvent): void => {
    for (const action of machine.step(event)) act(action, event.nowMs);
  };
  const act = (action: EvidenceAction, nowMs: number): void => {
    const second = nowMs / 1000;
    switch (action.kind) {
      case 'sampling':
        light.push(`${String(second)}: sampling ${action.on ? 'on' : 'off'}`);
        return;
      case 'collect':
      case 'profile':
        if (action.kind === 'profile') light.push(`${String(second)}: profile`);
        else collections++;
        floor = { id: floor.id + 1, atMs: nowMs, bytes: scene.floorBytes(second) };
        feed({ kind: 'collected', nowMs, ok: true, tookMs: scene.collectionMs ?? 40, floorBytes: floor.bytes });
        return;
      case 'capture': {
        log.push(`${String(second)}: capture ${String(action.ordinal)} of ${String(action.of)}`);
        if (scene.captureFails?.(action.ordinal) === true) {
          feed({ kind: 'capture-failed', nowMs, reason: 'no room' });
          return;
        }
        const requests = scene.requests?.(second) ?? null;
        if (scene.snapshotLeavesFloor === true)
          floor = { id: floor.id + 1, atMs: nowMs + 1, bytes: floor.bytes - 0.1 * MB };
        feed({
          kind: 'captured',
          nowMs,
          capture: {
            file: `${String(second)}.heapsnapshot`,
            method: scene.method ?? 'inline',
            pauseMs: scene.pauseMs ?? 500,
            takenAtMs: nowMs,
            activeMs: nowMs,
            requests,
            requestsByRoute: {},
          },
        });
        return;
      }
      case 'analyse': {
        log.push(
          `${String(second)}: analyse ${action.captures.map((capture) => capture.file.replace('.heapsnapshot', '')).join(' ')}`,
        );
        const verdict = scene.analysis?.(++analyses) ?? 'leak';
        if (verdict === 'error') feed({ kind: 'analysis-failed', nowMs, reason: 'unreadable' });
        else
          feed({
            kind: 'analysed',
            nowMs,
            report: {
              format: 'ebb.findings/1',
              verdict,
              findings: scene.findings ?? [],
              snapshots: action.captures.map(({ file }) => ({
                heapBytes: scene.floorBytes(Number.parseInt(file, 10)),
              })),
            } as unknown as FindingsReport,
          });
        return;
      }
      case 'discard':
        log.push(`${String(second)}: discard ${String(action.captures.length)}`);
        return;
      case 'conclude':
        log.push(
          `${String(second)}: ${action.conclusion.kind}${'reason' in action.conclusion ? ` (${action.conclusion.reason})` : ''}`,
        );
    }
  };
  for (let second = 0; second <= seconds; second++) {
    const nowMs = second * 1000;
    feed({
      kind: 'sample',
      nowMs,
      verdict: scene.verdict?.(second) ?? 'warming',
      suspicious: scene.suspicious?.(second) ?? false,
      floor: { id: floor.id, ageMs: nowMs - floor.atMs, bytes: floor.bytes },
      requests: scene.requests?.(second) ?? null,
      busyShare: 0.3,
      bytesPerSecond: scene.bytesPerSecond ?? 0,
      mayCapture: scene.mayCapture?.(second) ?? true,
    });
  }
  return { log, machine, light, collections };
}

const leaking: Scene = {
  floorBytes: (second) => 20 * MB + second * MB,
  suspicious: (second) => second >= 12,
  verdict: (second) => (second >= 20 ? 'leak' : 'warming'),
  requests: (second) => second * 100,
};

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
      verdict: () => 'warming',
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
    expect(first).toEqual([12, 22 + 31]);
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

  test('is left to rest when the program cannot write a snapshot', () => {
    expect(play({ ...leaking, verdict: () => 'warming', captureFails: () => true }, 60).log).toEqual([
      '12: capture 1 of 3',
      '12: refuted (no room)',
    ]);
  });

  test('is left to rest when the snapshots cannot be analysed', () => {
    expect(play({ ...leaking, analysis: () => 'error' }, 40).log).toContain('32: refuted (unreadable)');
  });

  test('is confirmed by five snapshots in a row that say so, where the judge is not sure any more, and not where it says no', () => {
    const unsure: Scene = { ...leaking, suspicious: (second) => second >= 12 && second < 20, verdict: () => 'warming' };
    expect(play(unsure, 120).log.filter((line) => /confirmed|refuted/.test(line))).toEqual(['70: confirmed']);
    const settled: Scene = { ...unsure, verdict: (second) => (second < 60 ? 'warming' : 'bounded') };
    expect(play(settled, 120).log).toContain('70: refuted (growth could not be proven)');
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
