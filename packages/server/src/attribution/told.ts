/** What is kept and told of an attribution: numbers and sentences, without the samples they rest on. Pure. */
import type { Estimate } from '@ebb/trend';
import { adviceOf } from './advice.ts';
import type { Attributed, Attribution, CellView, Part } from './attribute.ts';
import { recoveryOf, type Recovery, type ServedMinute } from './recovery.ts';
import { adviceWords, nameOf, perHour, sentenceOf } from './words.ts';

/** The growth of processes with or without a change, as it is told. */
export interface ToldGrowth {
  version: string;
  processes: number;
  /** Of them, those that grow for sure, and those that do not for sure. */
  growing: number;
  still: number;
  label: 'grows' | 'still' | 'unknown';
  fromMs: number;
  toMs: number;
  bytesPerRequest: Estimate | null;
  bytesPerHour: Estimate | null;
  /** Both sides were seen at these ages; null where it is the later part of a longer life. */
  agesMs: readonly [number, number] | null;
}

/** A change with its part in the growth. */
export interface ToldChangePart {
  /** The change's own; several where it was told in several ways, none where only telemetry shows it. */
  changeIds: number[];
  name: string;
  kind: string;
  version: string | null;
  revision: string | null;
  timeMs: number;
  part: Part;
  reason: string;
  sentence: string;
  without: ToldGrowth | null;
  with: ToldGrowth | null;
  recovery: (Recovery & { timeMs: number }) | null;
}

/** All that is told. */
export interface ToldAttribution {
  judgedMs: number;
  /** What the one on call reads first; null where nothing is known. */
  advice: string | null;
  rollbackHelps: boolean | null;
  /** The newest version that did not grow. */
  rollBackTo: string | null;
  cleanVersions: readonly string[];
  growingVersions: readonly string[];
  changes: ToldChangePart[];
  /** What processes that did the same grew, in the order of time: for a chart. */
  cells: ToldGrowth[];
}

/** What a recovery is judged by. */
export interface Served {
  minutes: readonly ServedMinute[];
  usualBadShare: number | null;
}

/** The attribution as it is told. Changes after the first verdict are actions: whether they helped is told with them. */
export function tell(attribution: Attribution, nowMs: number, served: Served): ToldAttribution {
  const { rollbackHelps, toVersion } = adviceOf(attribution);
  const firstMs = attribution.firstCalled?.atMs ?? Infinity;
  return {
    judgedMs: nowMs,
    advice: adviceWords(attribution),
    rollbackHelps,
    rollBackTo: toVersion,
    cleanVersions: attribution.cleanVersions,
    growingVersions: attribution.growingVersions,
    changes: attribution.steps.map((attributed) => partOf(attribution, attributed, { nowMs, served, firstMs })),
    cells: attribution.cells.map(growthOf),
  };
}

function partOf(
  attribution: Attribution,
  attributed: Attributed,
  { nowMs, served, firstMs }: { nowMs: number; served: Served; firstMs: number },
): ToldChangePart {
  const { step, part, reason } = attributed;
  const isAction = attribution.present !== null && step.timeMs > firstMs;
  const known = { nowMs, served: served.minutes, usualBadShare: served.usualBadShare };
  return {
    changeIds: step.changes.map(({ id }) => id),
    name: nameOf(step),
    kind: step.changes.at(0)?.kind ?? 'version',
    version: step.version,
    revision: step.revision,
    timeMs: step.timeMs,
    part,
    reason,
    sentence: sentenceOf(attributed),
    without: attributed.without === null ? null : growthOf(attributed.without),
    with: attributed.with === null ? null : growthOf(attributed.with),
    recovery: isAction ? { timeMs: step.timeMs, ...recoveryOf(attribution, attributed, known) } : null,
  };
}

function growthOf({ version, fromMs, toMs, measured }: CellView): ToldGrowth {
  const { processes, growing, still, label, growth, agesMs } = measured;
  return {
    ...{ version, processes, growing, still, label, fromMs, toMs, agesMs },
    bytesPerRequest: growth.perRequest,
    bytesPerHour: growth.perSecond === null ? null : perHour(growth.perSecond),
  };
}
