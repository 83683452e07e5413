import { expect, test } from 'vitest';
import { memoryChart, type ChartInput } from './memory-chart.ts';

const start = Date.UTC(2026, 10, 21, 8);
const minute = 60_000;
const chart = (told: Partial<ChartInput>): string =>
  memoryChart({ samples: [], changes: [], heapLimitBytes: null, containerLimitBytes: null, ...told }).toString();
const samples = (
  ...values: [minutes: number, floorBytes: number | null, rssBytes: number | null][]
): ChartInput['samples'] =>
  values.map(([at, floor, rss]) => ({ time_ms: start + at * minute, floor_bytes: floor, rss_bytes: rss }));
const pathOf = (svg: string, name: string): string => new RegExp(`class="${name}"\\s+d="([^"]*)"`).exec(svg)?.[1] ?? '';

test('the curve goes from the left to the right, higher is more, and a pause is a gap', () => {
  const svg = chart({
    samples: samples([0, 100, null], [1, 200, null], [2, 300, null], [30, 400, null], [31, 424, null]),
  });
  const points = [...pathOf(svg, 'floor').matchAll(/([ML])([\d.]+) ([\d.]+)/g)].map(([, move, x, y]) => [
    move,
    Number(x),
    Number(y),
  ]);
  expect(points.map(([move]) => move).join('')).toBe('MLLML');
  expect([points[0]?.[1], points.at(-1)?.[1]]).toEqual([0, 1000]);
  const heights = points.map(([, , y]) => y as number);
  expect(heights).toEqual(heights.toSorted((a, b) => b - a));
  expect(pathOf(svg, 'rss')).toBe('');
});

test('a limit is drawn where it is in sight, and told in words where it would press the curve flat', () => {
  const values = samples([0, 100e6, 150e6], [1, 110e6, 160e6]);
  expect(chart({ samples: values, heapLimitBytes: 560e6 })).toContain('heap limit 560 MB</text>');
  const far = chart({ samples: values, heapLimitBytes: 4.3e9 });
  expect(far).not.toContain('</text>heap limit');
  expect(far).toContain('heap limit: 4.3 GB, far above');
});

test('it is told in words, too', () => {
  const svg = chart({
    samples: samples([0, 100e6, 150e6], [90, 210e6, 260e6]),
    changes: [{ time_ms: start + 30 * minute, verdict: 'leak' }],
    containerLimitBytes: 500e6,
  });
  expect(/aria-label="([^"]*)"/.exec(svg)?.[1]).toBe(
    'Memory from 2026-11-21 08:00 UTC to 2026-11-21 09:30 UTC; live after collection from 100 MB to 210 MB; RSS from 150 MB to 260 MB; container limit 500 MB; leak at 2026-11-21 08:30 UTC',
  );
  expect(svg).toMatch(/class="mark leak"\s+x1="33\.33%"/);
});

test('too little to draw is told', () => {
  expect(chart({ samples: samples([0, 1, 1]) })).toContain('not enough samples');
  expect(chart({})).toContain('not enough samples');
});
