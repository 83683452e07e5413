// Does the stated bound hold? Floors that never grow, with noise of any memory: in how many series is a leak ever said?
import { MemoryJudge } from '@ebb/trend';
import { MB, memoryFor, ripple, seeded } from '@ebb/trend/simulate';
import { shareInterval } from './intervals.ts';

const EVERY_S = 60;
const AUTOCORRELATIONS = [0, 0.5, 0.9, 0.97];
const RATES = [0.05, 0.001];

/** Says how often a judge with a stated `falseLeakRate` ever said `leak` of so many series of so many floors, asked after each. */
export function statedBound(runs: number, floors: number, say: (line: string) => void): void {
  say(
    `${runs} series a cell, of ${floors} floors a minute apart: a level, and noise (normal, its deviation 0.2 to 2 % of the level) whose neighbouring values are so much alike. None grows; the judge is asked after each floor. Each cell: in how many series a leak was ever said, and the 95 % interval of that share.\n`,
  );
  say(`| stated bound | ${AUTOCORRELATIONS.map((share) => `autocorrelation ${share}`).join(' | ')} |`);
  say(`|---|${AUTOCORRELATIONS.map(() => '---').join('|')}|`);
  for (const falseLeakRate of RATES) {
    const cells = AUTOCORRELATIONS.map((autocorrelation) => {
      let alarmed = 0;
      for (let seed = 1; seed <= runs; seed++) if (everLeak(seed, floors, autocorrelation, falseLeakRate)) alarmed++;
      const [low, high] = shareInterval(alarmed, runs);
      return `${alarmed} of ${runs} (${low.toFixed(3)}–${high.toFixed(3)})`;
    });
    say(`| ${falseLeakRate} | ${cells.join(' | ')} |`);
  }
}

function everLeak(seed: number, floors: number, autocorrelation: number, falseLeakRate: number): boolean {
  const random = seeded(seed * 104_729);
  const levelBytes = random.between(50, 800) * MB;
  const deviation = levelBytes * random.between(0.002, 0.02);
  const noise =
    autocorrelation === 0
      ? () => deviation * random.normal()
      : ripple(random, deviation, memoryFor(autocorrelation, EVERY_S));
  const judge = new MemoryJudge({ warmupMs: 600_000, falseLeakRate });
  for (let nth = 0; nth < floors; nth++) {
    const timeMs = nth * EVERY_S * 1000;
    const heapBytes = Math.max(0, levelBytes + noise(EVERY_S));
    const { verdict } = judge.observe({
      timeMs,
      floor: { timeMs, heapBytes, externalBytes: 0, arrayBuffersBytes: 0 },
      heapUsedBytes: heapBytes,
      rssBytes: heapBytes + 50 * MB,
      externalBytes: 0,
      arrayBuffersBytes: 0,
      requests: null,
      heapLimitBytes: 2 * levelBytes,
      rssLimitBytes: null,
    });
    if (verdict === 'leak') return true;
  }
  return false;
}
