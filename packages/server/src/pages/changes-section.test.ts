// Which change brought the growth, as people see it: advice, chart, and a sentence for each change.
import { expect, test } from 'vitest';
import { attribute } from '../attribution/attribute.ts';
import { tell, type ToldAttribution } from '../attribution/told.ts';
import { livesAt, playScene } from '../fixtures/attribution/play-scene.ts';
import { changesSection } from './changes-section.ts';

function toldOf(kind: string, seed: number): ToldAttribution {
  const scene = playScene(kind, seed);
  const nowMs = (scene.verdictMs ?? 0) + 5 * 60_000;
  const changes = scene.changes.filter(({ timeMs }) => timeMs <= nowMs);
  const found = attribute({ changes, lives: livesAt(scene.lives, nowMs), nowMs });
  return tell(found, nowMs, { minutes: [], usualBadShare: null });
}

test('the advice comes first; the chart has a bar for each version, the guilty one the highest; each change has its part', () => {
  const told = toldOf('the deploy before the newest leaks', 3);
  const text = String(changesSection(told)).replace(/\s+/g, ' ');
  expect(text.indexOf(told.advice ?? '?')).toBeGreaterThan(0);
  expect(text.indexOf(told.advice ?? '?')).toBeLessThan(text.indexOf('<svg'));
  const bars = [...text.matchAll(/<rect class="bar (\w+)"[^>]*? height="([\d.]+)%"/g)];
  expect(bars).toHaveLength(told.cells.length);
  expect(bars.map(([, label]) => label)).toContain('leak');
  const grown = told.cells.map(({ bytesPerRequest }) => bytesPerRequest?.value ?? 0);
  const heights = bars.map(([, , height]) => Number(height));
  expect(heights.indexOf(Math.max(...heights))).toBe(grown.indexOf(Math.max(...grown)));
  // Each bar has its interval, and says in words what it shows to whoever cannot see it.
  expect(text.match(/<line class="reach"/g)).toHaveLength(bars.length);
  const words = /aria-label="([^"]*)"/.exec(text)?.[1].split('; ') ?? [];
  expect(words).toHaveLength(bars.length);
  for (const one of words)
    expect(one).toMatch(/ a request \(.* to .*\) on \d+ process(es)?, (grows|does not grow|is not decided)$/);
  for (const { part, sentence } of told.changes) {
    expect(text).toContain(`>${part}</span>`);
    expect(text).toContain(sentence);
  }
  expect(new Set(told.changes.map(({ part }) => part))).toEqual(new Set(['guilty', 'exonerated']));
});

test('names are text, and where nothing is known nothing is shown', () => {
  const told = toldOf('the deploy before the newest leaks', 3);
  const cells = told.cells.map((cell) => ({ ...cell, version: '"><script>' }));
  const text = String(changesSection({ ...told, cells }));
  expect(text).not.toContain('<script>');
  expect(changesSection(null)).toBeNull();
  expect(changesSection({ ...told, changes: [], advice: null })).toBeNull();
});
