/**
 * One log, from its lines to memory errors. What several lines tell together is one event: the last garbage collections
 * before V8 gives up; what the kernel says of the group, the process, and its end.
 */
import { readLines, writtenAtMs } from './lines.ts';
import type { MemoryEvent } from './memory-event.ts';
import { messageOf, type LogMessage, type Origin } from './message.ts';
import { hint, kernelFigures, recognise, recogniseFields, type Recognised } from './recognise.ts';
import { takeStamp, type StampContext } from './stamps.ts';

/** So many lines are looked back for a time, where a line has none. */
const mostLookedBack = 50;
/** So many lines may stand between lines that belong together: the kernel lists all processes between them. */
const mostBetween = 5000;

/** What was read. */
export interface LogRead {
  file: string;
  lines: number;
  events: number;
}

/** Reads a log to its end, and tells each event. @throws {CliError} EBB_CLI_LOG_UNREADABLE */
export async function readLog(
  file: string,
  options: { zoneMinutes: number; now: number; onEvent: (event: MemoryEvent) => void },
): Promise<LogRead> {
  const reader = new LogReader(
    file,
    { zoneMinutes: options.zoneMinutes, writtenAtMs: writtenAtMs(file, options.now) },
    options.onEvent,
  );
  let lines = 0;
  for await (const piece of readLines(file)) {
    reader.read(piece.lines, piece.firstLine);
    lines = piece.firstLine + piece.lines.length - 1;
  }
  reader.end();
  return { file, lines, events: reader.events };
}

interface Group {
  line: number;
  origin: Origin;
  figures: Record<string, number>;
  isCgroup: boolean;
  message: LogMessage;
}

class LogReader {
  events = 0;
  readonly #file: string;
  readonly #context: StampContext;
  readonly #onEvent: (event: MemoryEvent) => void;
  #before: readonly string[] = [];
  /** The last collection that V8 listed before it gave up. */
  #collection: { line: number; origin: Origin; figures: Record<string, number> } | null = null;
  /** What the kernel has said of a group whose process it has not named yet. */
  #group: Group | null = null;
  #limitBytes: { line: number; bytes: number } | null = null;
  /** The event that following lines may belong to. */
  #last: MemoryEvent | null = null;

  constructor(file: string, context: StampContext, onEvent: (event: MemoryEvent) => void) {
    this.#file = file;
    this.#context = context;
    this.#onEvent = onEvent;
  }

  read(lines: readonly string[], firstLine: number): void {
    // Most pieces of most logs have nothing in them, and need not be looked at line by line.
    if (hint.test(lines.join('\n'))) {
      for (const [at, line] of lines.entries()) {
        if (hint.test(line))
          this.#line(line, firstLine + at, (back) => lines[at - back] ?? this.#before[this.#before.length + at - back]);
      }
    }
    this.#before = [...this.#before, ...lines.slice(-mostLookedBack)].slice(-mostLookedBack);
  }

  end(): void {
    this.#tellGroup();
    this.#tellLast();
  }

  #line(bytes: string, line: number, earlier: (back: number) => string | undefined): void {
    const message = messageOf(Buffer.from(bytes, 'latin1').toString('utf8'), this.#context);
    const told = new Set<string>();
    const tell = (found: Recognised): void => {
      if (told.has(found.kind) || this.#isSameAsLast(found, line)) return;
      told.add(found.kind);
      this.#event(found, message, line, earlier);
    };
    for (const text of message.texts) {
      if (this.#isContext(text, message, line)) continue;
      const found = recognise(text);
      if (found !== null) tell(found);
    }
    const byFields = told.size > 0 || message.fields === null ? null : recogniseFields(message.fields);
    if (byFields !== null) tell(byFields);
  }

  /** Lines that say more about an event before or behind them. */
  #isContext(text: string, message: LogMessage, line: number): boolean {
    const collections = [
      ...text.matchAll(
        /(?:\[(\d+):0x[0-9a-f]+\]\s+)?(?:(\d+) ms: )?(?:Incremental )?(?:Mark-Compact|Mark-sweep|Scavenge)[^>]{0,60}? [\d.]+ \([\d.]+\) -> ([\d.]+) \(([\d.]+)\) MB, (?:pooled: [\d.]+ MB, )?([\d.]+)/gi,
      ),
    ];
    const collection = collections.at(-1);
    if (collection !== undefined) {
      const [, pid, uptime, used, committed, pause] = collection;
      const earlierPid = collections.find((match) => match[1] !== undefined)?.[1] ?? pid;
      this.#collection = {
        line,
        origin: earlierPid === undefined ? {} : { pid: Number(earlierPid) },
        figures: {
          heapUsedBytes: megabytes(used),
          heapCommittedBytes: megabytes(committed),
          lastPauseMs: Number(pause),
          ...(uptime === undefined ? {} : { uptimeMs: Number(uptime) }),
        },
      };
      return !/FATAL ERROR/.test(text);
    }
    const limit = /\bmemory: usage \d+kB, limit (\d+)kB/.exec(text)?.[1];
    if (limit !== undefined) {
      this.#limitBytes = Number(limit) < 2 ** 50 / 1024 ? { line, bytes: Number(limit) * 1024 } : null;
      return true;
    }
    const killed = /oom-kill:constraint=(\w+)(.*)/.exec(text);
    if (killed !== null) {
      this.#tellGroup();
      const [, constraint, rest = ''] = killed;
      this.#group = {
        line,
        message,
        isCgroup: constraint === 'CONSTRAINT_MEMCG',
        origin: groupOrigin(rest),
        figures: {},
      };
      return true;
    }
    const reaped = /oom_reaper: reaped process (\d+)/.exec(text)?.[1] ?? /^Killed process (\d+) /.exec(text)?.[1];
    if (reaped !== undefined && this.#last?.origin.pid === Number(reaped)) {
      if (text.startsWith('Killed')) Object.assign(this.#last.figures, kernelFigures(text));
      return true;
    }
    return false;
  }

  #event(found: Recognised, message: LogMessage, line: number, earlier: (back: number) => string | undefined): void {
    this.#tellLast();
    const event: MemoryEvent = {
      kind: found.kind,
      ...this.#time(message, earlier),
      file: this.#file,
      line,
      origin: { ...message.origin, ...found.origin },
      figures: { ...found.figures },
      said: found.said.slice(0, 200),
    };
    const isKernel = found.kind === 'kernel-oom-cgroup' || found.kind === 'kernel-oom-global';
    const near = <T extends { line: number }>(what: T | null): T | null =>
      what !== null && line - what.line <= mostBetween ? what : null;
    if (isKernel) {
      const group = near(this.#group);
      if (group !== null) event.origin = { ...group.origin, ...event.origin };
      const limit = near(this.#limitBytes);
      if (limit !== null && found.kind === 'kernel-oom-cgroup') event.figures['limitBytes'] = limit.bytes;
      this.#group = null;
      this.#limitBytes = null;
    }
    const collection = near(this.#collection);
    if (found.kind === 'v8-heap-limit' && collection !== null && line - collection.line <= 200) {
      event.origin = { ...collection.origin, ...event.origin };
      Object.assign(event.figures, collection.figures);
      this.#collection = null;
    }
    this.#last = event;
  }

  /** What is told twice on neighbouring lines: `terminate called …` and `what(): …`. */
  #isSameAsLast(found: Recognised, line: number): boolean {
    const last = this.#last;
    return last !== null && found.kind === 'allocation-failed' && last.kind === found.kind && line - last.line <= 2;
  }

  #time(
    message: LogMessage,
    earlier: (back: number) => string | undefined,
  ): Pick<MemoryEvent, 'timeMs' | 'assumed' | 'sinceBootSeconds'> {
    const { timeMs, sinceBootSeconds, assumed } = message;
    if (timeMs !== null || sinceBootSeconds !== null) return { timeMs, sinceBootSeconds, assumed };
    for (let back = 1; back <= mostLookedBack; back++) {
      const text = earlier(back);
      if (text === undefined) break;
      const before = text.startsWith('{') ? messageOf(text, this.#context) : takeStamp(text, this.#context);
      if (before.timeMs !== null)
        return { timeMs: before.timeMs, sinceBootSeconds: null, assumed: [...before.assumed, 'earlier line'] };
    }
    return { timeMs: null, sinceBootSeconds: null, assumed: [] };
  }

  #tellLast(): void {
    if (this.#last === null) return;
    this.events++;
    this.#onEvent(this.#last);
    this.#last = null;
  }

  /** The kernel said what it would do, and the line that says it did is missing. */
  #tellGroup(): void {
    const group = this.#group;
    this.#group = null;
    if (group === null) return;
    const kind = group.isCgroup ? 'kernel-oom-cgroup' : 'kernel-oom-global';
    const found = { kind, said: 'oom-kill', origin: group.origin, figures: {} } as const;
    this.#event(found, group.message, group.line, () => undefined);
  }
}

/** V8 writes MB and means 2^20 bytes. */
function megabytes(text: string | undefined): number {
  return Math.round(Number(text) * 2 ** 20);
}

/** `…,oom_memcg=/a,task_memcg=/b,task=node,pid=1,uid=0` */
function groupOrigin(text: string): Origin {
  const value = (name: string): string | undefined => new RegExp(`[, ]${name}=([^,]*)`).exec(text)?.[1];
  const path = value('task_memcg') ?? value('oom_memcg') ?? '';
  const container =
    /(?:docker|cri-containerd|crio|libpod)[-/]([0-9a-f]{12})[0-9a-f]{52}/.exec(path)?.[1] ??
    /\/([0-9a-f]{12})[0-9a-f]{52}(?:$|\/)/.exec(path)?.[1];
  const unit = /\/([\w@.:-]+\.(?:service|slice|scope))$/.exec(path)?.[1];
  const name = value('task');
  const pid = Number(value('pid') ?? NaN);
  return {
    ...(name === undefined ? {} : { name }),
    ...(Number.isInteger(pid) ? { pid } : {}),
    ...(container === undefined ? (unit === undefined ? {} : { unit }) : { container }),
  };
}
