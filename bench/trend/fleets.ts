// Fleets of simulated services as Ebb judges them: each process by itself, all of a version together, and beside the version
// before. One process of each fleet is the series that counts; the others are what is known besides.
import { FleetPool, MemoryJudge, SeenRises } from '@ebb/trend';
import type { MemoryJudgeOptions } from '@ebb/trend';
import { MB, seeded, simulate } from '@ebb/trend/simulate';
import type { DrawService, SimulatedSample } from '@ebb/trend/simulate';
import { note } from './alarm.ts';
import type { Alarm } from './alarm.ts';
import type { BenchSeries } from './series.ts';
import { serviceSeries } from './services.ts';

const WARMUP_MS = 600_000;
const EVERY_MS = 60_000;
/** Verdicts are read so often: when they are decided does not depend on it. */
const READ_EVERY_MS = 5 * EVERY_MS;

/** What Ebb is told of a process besides its own floor, RSS and requests. */
export const MODES = ['alone', 'siblings', 'before', 'both'] as const;
export type Mode = (typeof MODES)[number];

export interface Fleet {
  kind: string;
  draw: DrawService;
  seed: number;
  processes: number;
  /** Of the limit an hour. */
  share: number;
  /** Whether only the process that counts leaks. */
  isOdd: boolean;
}

/** What was said, by mode, of the process that counts. */
export function playFleet(fleet: Fleet, modes: readonly Mode[]): { series: BenchSeries; said: Record<Mode, Alarm[]> } {
  const { kind, draw, seed, processes, share, isOdd } = fleet;
  const series = serviceSeries(kind, draw, seed, share, 'agent');
  const said: Record<Mode, Alarm[]> = { alone: [], siblings: [], before: [], both: [] };
  const others = Array.from({ length: processes - 1 }, (_, nth) => {
    const { program, run } = draw(seeded(seed * 7919), isOdd ? 0 : share);
    return simulate(program, { ...run, seed: seed * 1009 + nth + 1 });
  });
  const { heapLimitBytes = 256 * MB } = draw(seeded(seed * 7919), share).run;
  const usual = modes.some((mode) => mode === 'before' || mode === 'both') ? before(fleet) : null;
  const judgesOf = (options: MemoryJudgeOptions): Judges => ({
    pool: new FleetPool({ ...options, kind: 'floor', intervalMs: EVERY_MS }),
    own: Array.from({ length: processes }, () => new MemoryJudge(options)),
  });
  const plain = judgesOf({ warmupMs: WARMUP_MS });
  const told = usual === null ? null : judgesOf({ warmupMs: WARMUP_MS, usual: { rises: usual, ageS: 0 } });
  for (const { sample } of series.samples) {
    const samples = [sample as SimulatedSample, ...others.map((other) => other.next().value as SimulatedSample)];
    for (const judges of [plain, told]) if (judges !== null) feed(judges, samples, heapLimitBytes);
    if (sample.timeMs % READ_EVERY_MS !== 0) continue;
    const timeS = sample.timeMs / 1000;
    note(said.alone, timeS, runsOut(plain));
    note(said.siblings, timeS, runsOut(plain) || shares(plain));
    if (told === null) continue;
    note(said.before, timeS, runsOut(told));
    note(said.both, timeS, runsOut(told) || shares(told));
  }
  return { series, said };
}

interface Judges {
  pool: FleetPool;
  own: MemoryJudge[];
}

function feed({ pool, own }: Judges, samples: readonly SimulatedSample[], limitBytes: number): void {
  for (const [nth, judge] of own.entries()) {
    const { timeMs, floor, requests } = samples[nth];
    judge.update(samples[nth]);
    if (floor === null) continue;
    const bytes = floor.heapBytes + floor.externalBytes;
    pool.take({ process: String(nth), timeMs, bytes, requests, limitBytes });
  }
}

function runsOut({ own: [judge] }: Judges): boolean {
  const { verdict } = judge.judgement;
  return verdict === 'leak' || verdict === 'native';
}

function shares({ pool }: Judges): boolean {
  return pool.member('0')?.stance === 'shares';
}

/** The version before: the same service without the leak, whose processes were deployed at other times of the day. */
function before({ draw, seed, processes }: Fleet): SeenRises {
  const rises = new SeenRises();
  for (let nth = 0; nth < processes; nth++) {
    const { program, run } = draw(seeded(seed * 7919), 0, (nth + 1) * 5.3 * 3600);
    for (const { ageS, floor, requests } of simulate(program, { ...run, seed: seed * 6007 + nth })) {
      if (floor === null) continue;
      rises.add({ process: String(nth), ageS, bytes: floor.heapBytes + floor.externalBytes, requests });
    }
  }
  return rises;
}
