/** How a leak became an outage, step by step, as far as each step was measured. */
import { Clock } from '../../incident/zone.ts';
import { bytes, pace } from '../../pages/wording.ts';
import { percent } from '../../signals/from-agents.ts';
import { changesThatHelped, changeWords, guiltyChange } from '../blamed-changes.ts';
import type { Figure } from '../document.ts';
import type { PostmortemFacts } from '../facts.ts';
import { colours, cut, label, picture, wrapped } from './svg.ts';

const width = 520;
const box = { left: 20, width: 480, padding: 12, lineHeight: 18, gap: 30 };
const lineLength = 64;
const mostLines = 5;

/** A step: what it is, and what was measured of it. */
interface CausalStep {
  what: string;
  measured: string;
  colour: string;
}

/** The steps that are known, the first one first. */
function causalSteps(facts: PostmortemFacts): CausalStep[] {
  const { culprit, grown, signals, impact, incident, timeline } = facts;
  const clock = new Clock([facts.team.zone]);
  const steps: CausalStep[] = [];
  const trigger = guiltyChange(facts);
  if (trigger !== null) steps.push({ what: 'A change', measured: changeWords(trigger, clock), colour: colours.warn });
  const isMemory = incident.cause === 'memory';
  if (culprit !== null) {
    const place = culprit.insertedAt ?? culprit.holder.location;
    const where = place === null ? '' : ` in ${place.repoPath ?? place.file}:${place.line}`;
    const each = culprit.bytesPerRequest === null ? '' : `, ${bytes(culprit.bytesPerRequest)} a request`;
    steps.push({
      what: 'A leak',
      measured: `${culprit.subject}${where} keeps what it gets${each}`,
      colour: colours.bad,
    });
  } else if (isMemory)
    steps.push({ what: 'A leak', measured: 'what holds the memory was not found', colour: colours.bad });
  const values = (grown?.samples ?? []).flatMap((sample) => sample.floor_bytes ?? sample.rss_bytes ?? []);
  const [from, most] = [values.at(0), values.length === 0 ? undefined : Math.max(...values)];
  if (isMemory && from !== undefined && most !== undefined) {
    const slope = grown?.process.bytes_per_second ?? null;
    const speed = slope === null || slope <= 0 ? '' : `, ${pace(slope)}`;
    steps.push({
      what: 'Memory grows',
      measured: `from ${bytes(from)} to ${bytes(most)}${speed}`,
      colour: colours.warn,
    });
  }
  const gcShare = Math.max(0, ...(grown?.samples ?? []).map((sample) => sample.gc_share ?? 0));
  // What monitoring told, before what agents' own figures show.
  const cpu = signals.find(({ kind }) => kind === 'cpu') ?? signals.find(({ kind }) => kind === 'gc');
  if (gcShare >= 0.1 || cpu !== undefined) {
    const share = gcShare >= 0.1 ? `collections take up to ${percent(gcShare)} of the time` : '';
    const told = cpu === undefined || (share !== '' && cpu.kind === 'gc') ? '' : `told as “${cpu.title}”`;
    const measured = [share, told].filter((text) => text !== '').join('; ');
    steps.push({
      what: isMemory ? 'Garbage collection takes the CPU' : 'The CPU is busy',
      measured,
      colour: colours.warn,
    });
  }
  const ends = signals.filter(({ kind }) => kind === 'restarts' || kind === 'oom');
  if (ends.length > 0) steps.push({ what: 'Processes end', measured: ends[0]?.title ?? '', colour: colours.bad });
  if (impact !== null)
    steps.push({ what: 'Requests are slow, or fail', measured: impact.sentence, colour: colours.bad });
  const action = timeline.findLast(({ kind }) => kind === 'action-done' || kind === 'recovered');
  if (action !== undefined) {
    const change = changesThatHelped(facts).find(({ recovery: helped }) => helped === action.text);
    const measured = change === undefined ? action.text : `${changeWords(change, clock)}; ${action.text}`;
    steps.push({ what: 'What was done', measured, colour: colours.good });
  }
  const recovery = timeline.findLast(({ kind }) => kind === 'recovery');
  if (recovery !== undefined) steps.push({ what: 'Recovery', measured: recovery.text, colour: colours.good });
  if (steps.length === 0)
    steps.push({ what: 'Not known', measured: 'nothing was measured that would tell it', colour: colours.faint });
  return steps;
}

/** The figure. */
export function causalFigure(facts: PostmortemFacts): Figure {
  const steps = causalSteps(facts);
  let y = 14;
  const parts: string[] = [];
  for (const [at, { what, measured, colour }] of steps.entries()) {
    const lines = cut(wrapped(measured, lineLength), mostLines);
    const height = 2 * box.padding + (lines.length + 1) * box.lineHeight - 6;
    if (at > 0) parts.push(arrow(y - box.gap, y));
    parts.push(
      `<rect x="${box.left}" y="${y}" width="${box.width}" height="${height}" rx="6" fill="none" stroke="${colour}" stroke-width="1.5"/>`,
      label({ x: box.left + box.padding, y: y + box.padding + 10, bold: true, fill: colour }, what),
      ...lines.map((line, row) =>
        label({ x: box.left + box.padding, y: y + box.padding + 10 + (row + 1) * box.lineHeight }, line),
      ),
    );
    y += height + box.gap;
  }
  const alt = `From cause to effect: ${steps.map(({ what, measured }) => `${what}: ${measured}`).join('; then ')}`;
  return { svg: picture({ width, height: y - box.gap + 14, alt }, parts.join('\n')), alt };
}

function arrow(fromY: number, toY: number): string {
  const x = box.left + box.width / 2;
  return `<path d="M${x} ${fromY + 3}V${toY - 8}" stroke="${colours.faint}" stroke-width="1.5"/><path d="M${x - 5} ${toY - 9}h10l-5 7z" fill="${colours.faint}"/>`;
}
