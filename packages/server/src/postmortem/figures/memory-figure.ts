/** Memory of the process that grew the most, with what happened marked on it by numbers; the numbers are told below. */
import type { IncidentEventKind } from '../../incident/event-kind.ts';
import { bytes } from '../../pages/wording.ts';
import type { Figure } from '../document.ts';
import type { FactSample, PostmortemFacts } from '../facts.ts';
import { Clock } from '../../incident/zone.ts';
import { colours, cut, label, picture, round, wrapped } from './svg.ts';

const width = 720;
/** The marks stand above the curves, and above the limit's name. */
const plot = { left: 12, right: 708, marks: 34, top: 64, bottom: 280 };
const lineHeight = 18;
/** More marks lie over each other. */
const mostMarks = 12;
const lineLength = 100;

/** What may be marked, the most telling first. */
const marked: Readonly<Partial<Record<IncidentEventKind, string>>> = {
  growth: 'memory begins to grow',
  opened: 'incident opened',
  impact: 'users are hit',
  resolved: 'resolved',
  finding: 'what holds the memory is found',
  guilty: 'guilty',
  change: 'change',
  hypothesis: 'hypothesis',
  acknowledged: 'acknowledged',
  'action-done': 'action',
  recovered: 'it helped',
  'not-recovered': 'it did not help',
  escalated: 'escalated',
  paged: 'paged',
  notified: 'told',
  raised: 'more urgent',
  calm: 'nothing runs out any more',
  symptom: 'told beside memory',
};

/** The figure; null where fewer than two samples are kept. */
export function memoryFigure({ grown, timeline, incident, service, team }: PostmortemFacts): Figure | null {
  if (grown === null) return null;
  const curves = [grown.samples, ...grown.others].map(pointsOf).filter((points) => points.length > 1);
  const points = curves.flat();
  const times = points.map(({ timeMs }) => timeMs);
  const [firstMs, lastMs] = [Math.min(...times), Math.max(...times)];
  if (points.length < 2 || firstMs === lastMs) return null;
  const own = pointsOf(grown.samples);
  const marks = markedEvents(timeline.filter(({ timeMs }) => timeMs >= firstMs && timeMs <= lastMs));
  const limitBytes = grown.process.heap_limit_bytes ?? grown.process.container_limit_bytes;
  const most = Math.max(...points.map(({ value, rss }) => Math.max(value, rss ?? 0)));
  const mostLive = Math.max(...points.map(({ value }) => value));
  const isLimitDrawn = limitBytes !== null && limitBytes <= most * 4;
  const top = Math.max(most, isLimitDrawn ? limitBytes : 0) * 1.06;
  const x = (timeMs: number): number =>
    plot.left + ((plot.right - plot.left) * (timeMs - firstMs)) / (lastMs - firstMs);
  const y = (value: number): number => plot.bottom - ((plot.bottom - plot.top) * value) / top;
  const path = (curve: readonly Point[], value: (point: Point) => number | null): string =>
    curve
      .filter((point) => value(point) !== null)
      .map((point, at) => `${at === 0 ? 'M' : 'L'}${round(x(point.timeMs))} ${round(y(value(point) ?? 0))}`)
      .join('');
  const clock = new Clock([team.zone]);
  const legend = marks.map(({ kind, timeMs, text }, at) => {
    const told = `${at + 1} ${clock.time(timeMs)} ${marked[kind] ?? kind}: ${text}`;
    const [line = ''] = cut(wrapped(told, lineLength), 1);
    return label({ x: plot.left, y: plot.bottom + 52 + at * lineHeight, size: 12 }, line);
  });
  const alt = `Memory of ${grown.process.instance}, ${service.name}: from ${bytes(own[0]?.value ?? 0)} at ${clock.time(own[0]?.timeMs ?? firstMs)} to ${bytes(Math.max(...own.map(({ value }) => value)))} at most; incident ${incident.id}`;
  const content = [
    label({ x: plot.left, y: 20, bold: true }, `${service.name}: live memory after collection, process by process`),
    `<line x1="${plot.left}" x2="${plot.right}" y1="${plot.bottom}" y2="${plot.bottom}" stroke="${colours.line}"/>`,
    ...(isLimitDrawn ? limit(limitBytes, y(limitBytes)) : []),
    ...curves.flatMap((curve) => [
      `<path d="${path(curve, ({ rss }) => rss)}" fill="none" stroke="${colours.rss}" stroke-width="1.2"/>`,
      `<path d="${path(curve, ({ value }) => value)}" fill="none" stroke="${colours.memory}" stroke-width="2.4"/>`,
    ]),
    ...marks.map(({ timeMs }, at) => mark(x(timeMs), at)),
    label({ x: plot.left, y: plot.bottom + 18, fill: colours.faint }, clock.time(firstMs)),
    label({ x: plot.right, y: plot.bottom + 18, anchor: 'end', fill: colours.faint }, clock.time(lastMs)),
    label(
      { x: width / 2, y: plot.bottom + 18, anchor: 'middle', fill: colours.faint },
      `blue: live memory, ${bytes(mostLive)} at most; grey: RSS, ${bytes(most)}`,
    ),
    ...legend,
  ].join('\n');
  return { svg: picture({ width, height: plot.bottom + 44 + marks.length * lineHeight, alt }, content), alt };
}

/** What is marked: each sign once, each change once, and where there are too many the least telling are left out. */
function markedEvents(timeline: PostmortemFacts['timeline']): PostmortemFacts['timeline'] {
  const once = timeline.filter(({ kind, text }, at) => {
    if (!(kind in marked)) return false;
    const isFirst = timeline.findIndex((one) => one.kind === kind && (kind === 'notified' || one.text === text)) === at;
    // Telemetry sees what a pipeline has told.
    return isFirst && !(kind === 'change' && text.endsWith('told by telemetry') && timeline.some(isToldChange));
  });
  const order = Object.keys(marked);
  const kept = new Set(once.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind)).slice(0, mostMarks));
  return once.filter((event) => kept.has(event));
}

function isToldChange({ kind, text }: PostmortemFacts['timeline'][number]): boolean {
  return kind === 'change' && !text.endsWith('told by telemetry');
}

interface Point {
  timeMs: number;
  value: number;
  rss: number | null;
}

function pointsOf(samples: readonly FactSample[]): Point[] {
  return samples.flatMap((sample) => {
    const value = sample.floor_bytes ?? sample.rss_bytes;
    return value === null ? [] : [{ timeMs: sample.time_ms, value, rss: sample.rss_bytes }];
  });
}

function limit(value: number, height: number): string[] {
  return [
    `<line x1="${plot.left}" x2="${plot.right}" y1="${round(height)}" y2="${round(height)}" stroke="${colours.bad}" stroke-dasharray="6 4"/>`,
    label({ x: plot.right, y: height - 4, anchor: 'end', fill: colours.bad, size: 12 }, `limit ${bytes(value)}`),
  ];
}

/** Numbers that are near to each other stand at two heights. */
function mark(x: number, at: number): string {
  const top = plot.marks - 4 + (at % 2) * 16;
  return [
    `<line x1="${round(x)}" x2="${round(x)}" y1="${top}" y2="${plot.bottom}" stroke="${colours.faint}" stroke-dasharray="2 3"/>`,
    `<circle cx="${round(x)}" cy="${top}" r="8" fill="${colours.text}"/>`,
    label({ x, y: top + 4, anchor: 'middle', fill: colours.ground, size: 11 }, String(at + 1)),
  ].join('\n');
}
