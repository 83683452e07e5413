import type { Frame } from '@ebb/heap';
import { printable } from '../wording/printable.ts';
import { bytes, count, duration } from '../wording/quantities.ts';
import type { ReportedHint } from './watch-report.ts';

const MOST_TOLD = 3;

/** The hint, as it is told when it is there and again in the summary: lines, to be wrapped. */
export function hintLines({ because, overMs, requests, allocatedAt, classes }: ReportedHint): string[] {
  const span = `${duration(overMs / 1000)}${requests === null || requests <= 0 ? '' : ` and ${count(requests)} requests`}`;
  const sites = allocatedAt.slice(0, MOST_TOLD).map(({ stack, grownBytes, bytesPerRequest }) => {
    const each = bytesPerRequest === null ? '' : `, ${bytes(bytesPerRequest)} a request`;
    return `       +${bytes(grownBytes)}${each}: ${placeOf(stack)}`;
  });
  const counted = (classes ?? [])
    .slice(0, MOST_TOLD)
    .map(
      ({ name, count: now, grownCount }) =>
        `+${count(grownCount)} ${printable(name) || '(no name)'}, now ${count(now)}`,
    );
  return [
    ...(sites.length === 0
      ? [`     suspects: none; by allocation profiles over ${span} nothing grew in every step`]
      : [`     suspects, by allocation profiles over ${span}: who allocates what stays, not who keeps it`, ...sites]),
    ...(counted.length === 0 ? [] : [`       live objects by class: ${counted.join('; ')}`]),
    `     no snapshot, so no leak is confirmed: ${printable(because.message)} (${printable(because.code)})`,
  ];
}

/** The first function of the program's own, and who called it. */
function placeOf(stack: readonly Frame[]): string {
  const own = stack.filter(({ file }) => !file.startsWith('node:') && !file.includes('/node_modules/'));
  const told = (own.length > 0 ? own : stack).slice(0, 2).map(({ function: name, file, line }) => {
    return printable(name === '' ? `${file}:${line}` : `${name} in ${file}:${line}`);
  });
  return told.length === 0 ? '(no JavaScript on the stack)' : told.join(', called by ');
}
