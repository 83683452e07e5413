import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SeenRises } from './seen-rises.ts';

const HOUR = 3600;

/** Lives of two days, a row every five minutes, that hold so much at an age. */
function seen(
  lives: number,
  bytesAt: (ageS: number) => number,
  requestsAt: (ageS: number) => number | null = () => null,
): SeenRises {
  const rises = new SeenRises();
  for (let life = 0; life < lives; life++) {
    for (let ageS = 0; ageS <= 48 * HOUR; ageS += 300)
      rises.add({ process: String(life), ageS, bytes: bytesAt(ageS), requests: requestsAt(ageS) });
  }
  return rises;
}

it('tells the farthest rise in a stretch of a length, at an age or older', () => {
  const stepAtTwenty = seen(2, (ageS) => (ageS < 20 * HOUR ? 100 : 150));
  expect(stepAtTwenty.seen(2 * HOUR, 5 * HOUR)?.riseBytes).toBe(50);
  expect(stepAtTwenty.seen(24 * HOUR, 27 * HOUR)?.riseBytes).toBe(0);
});

it('does not count teeth of a saw that are much shorter than the stretch', () => {
  const sawtooth = seen(2, (ageS) => 100 + 60 * ((ageS / HOUR) % 1));
  expect(sawtooth.seen(2 * HOUR, 12 * HOUR)?.riseBytes).toBeLessThan(15);
  const day = seen(2, (ageS) => 100 - 60 * Math.cos((2 * Math.PI * ageS) / (24 * HOUR)));
  expect(day.seen(2 * HOUR, 8 * HOUR)?.riseBytes).toBeGreaterThan(50);
});

it('still knows of an old life how far it rose when it was young', () => {
  const filled = seen(2, (ageS) => 100 + 60 * Math.min(1, ageS / (3 * HOUR)));
  expect(filled.seen(0.5 * HOUR, 3 * HOUR)?.riseBytes).toBeGreaterThan(25);
});

it('tells a start-up from what came after it, however old the life is', () => {
  const startUp = seen(2, (ageS) => 100 + 60 * (1 - Math.exp(-ageS / 1500)));
  expect(startUp.seen(600, 3 * HOUR)?.riseBytes).toBeGreaterThan(20);
  expect(startUp.seen(1.5 * HOUR, 4 * HOUR)?.riseBytes).toBeLessThan(2);
});

it('sees the teeth of a saw at any age, and holds what is older than two days against what was seen from then to the fourth', () => {
  const rises = new SeenRises();
  for (let life = 0; life < 2; life++) {
    for (let ageS = 0; ageS <= 30 * 24 * HOUR; ageS += 300)
      rises.add({ process: String(life), ageS, bytes: 100 + 60 * ((ageS / (5 * HOUR)) % 1), requests: null });
  }
  for (const hours of [5, 20, 40, 90, 200]) {
    const rise = rises.seen(hours * HOUR, (hours + 2.5) * HOUR)?.riseBytes;
    expect(rise).toBeGreaterThan(15);
    expect(rise).toBeLessThan(25);
  }
});

it('knows nothing of ages that none has reached, nor of stretches of which too few were seen', () => {
  expect(seen(1, () => 100).seen(HOUR, 2 * HOUR)).not.toBeNull();
  expect(seen(1, () => 100).seen(HOUR, 20 * HOUR)).toBeNull();
  expect(seen(9, () => 100).seen(40 * HOUR, 50 * HOUR)).toBeNull();
  expect(seen(2, () => 100).seen(5 * HOUR, 5 * HOUR)).toBeNull();
});

it('tells the most requests that were served over such a stretch, and nothing where they are not known', () => {
  const busier = seen(
    2,
    () => 100,
    (ageS) => ageS + 2 * Math.max(0, ageS - 24 * HOUR),
  );
  expect(busier.seen(2 * HOUR, 5 * HOUR)?.requestsPerS).toBeCloseTo(3);
  expect(seen(2, () => 100).seen(2 * HOUR, 5 * HOUR)?.requestsPerS).toBeNull();
});

it('counts a process of the same name that is younger as another life, and keeps the longest sixteen', () => {
  const rises = new SeenRises();
  for (let life = 0; life < 40; life++) {
    for (let ageS = 0; ageS <= (life + 1) * HOUR; ageS += 300)
      rises.add({ process: 'web', ageS, bytes: 100, requests: null });
  }
  expect(rises.save().lives).toHaveLength(16);
  expect(rises.seen(0, 20 * HOUR)).not.toBeNull();
});

it('goes on from what was saved, through JSON, and refuses what is no whole state', () => {
  const rises = seen(3, (ageS) => 100 + ageS / HOUR);
  const state = rises.save();
  const restored = SeenRises.restore(JSON.parse(JSON.stringify(state)) as typeof state);
  expect(restored?.seen(HOUR, 4 * HOUR)).toEqual(rises.seen(HOUR, 4 * HOUR));
  expect(SeenRises.restore({ ...state, lives: [['web', [1, 2]]] })).toBeNull();
  expect(SeenRises.restore({ ...state, format: 'ebb.rises/1' as 'ebb.rises/2' })).toBeNull();
});

it('takes any row, and never tells a rise that is no number', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.double(), fc.double(), fc.option(fc.double()))), (rows) => {
      const rises = new SeenRises();
      for (const [ageS, bytes, requests] of rows) {
        rises.add({ process: 'a', ageS, bytes, requests });
        rises.add({ process: 'b', ageS, bytes, requests });
      }
      const rise = rises.seen(0, 60);
      expect(rise === null || rise.riseBytes >= 0).toBe(true);
    }),
  );
});
