import { fstatSync } from 'node:fs';
import { Chalk, chalkStderr, type ChalkInstance } from 'chalk';
import { inForeground } from '../program/foreground.ts';
import { LiveView } from './live-view.ts';
import { panelRows } from './panel.ts';
import { PlainLog } from './plain-log.ts';
import type { Display } from './display.ts';

/** Colours for standard error; none when NO_COLOR is set (no-color.org). */
export function stderrChalk(env: NodeJS.ProcessEnv = process.env): ChalkInstance {
  return env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '' ? new Chalk({ level: 0 }) : chalkStderr;
}

/** Columns to wrap text at on standard error. */
export function stderrWidth(): number {
  return process.stderr.isTTY ? Math.max(40, process.stderr.columns) : 100;
}

/**
 * The live panel where standard error is a terminal that is big enough and Ebb is in its foreground; plain lines
 * otherwise. With standard output in a pipe the terminal likely belongs to another program (`… | less`).
 */
export function chooseDisplay(options: { live: boolean; chalk: ChalkInstance; env?: NodeJS.ProcessEnv }): Display {
  const env = options.env ?? process.env;
  const { stderr } = process;
  const capable = stderr.isTTY && env['TERM'] !== undefined && env['TERM'] !== 'dumb' && env['CI'] === undefined;
  const ours = inForeground() && !isPipe(1);
  if (options.live && capable && ours && panelRows(stderr.rows, stderr.columns) > 0)
    return new LiveView(stderr, options.chalk);
  return new PlainLog((text) => stderr.write(text));
}

function isPipe(fd: number): boolean {
  try {
    return fstatSync(fd).isFIFO();
  } catch {
    return false; // closed
  }
}
