/** The words that programs, V8, glibc, the kernel, systemd, Docker and Kubernetes have for memory that ran out. */
import type { MemoryErrorKind } from './kinds.ts';
import type { Origin } from './message.ts';

/** What a text says. */
export interface Recognised {
  kind: MemoryErrorKind;
  said: string;
  origin: Origin;
  figures: Record<string, number>;
}

/** A cheap look at a piece of a log: where nothing of this stands, nothing is recognised. */
export const hint: RegExp =
  /[Oo]ut of memory|OUT_OF_MEMORY|FATAL ERROR|buffer allocation failed|MaxListeners|bad_alloc|ocate memory|ENOMEM|alloc(?:\(\))? failed|\boom\b|oom[-_]|OOM|(?:xit|code|status)\D{1,24}13[47]\b|low on resource|Mark-[Cc]ompact|Mark-sweep|Scavenge|memory: usage|Killed process|status=[69]\/|Memory quota|memory usage/;

type Rule = readonly [pattern: RegExp, kind: MemoryErrorKind, detail?: (match: RegExpExecArray) => Partial<Recognised>];

/** In this order: the first that fits. */
const rules: readonly Rule[] = [
  [
    /(Memory cgroup out of memory|Out of memory(?: \(oom_kill_allocating_task\))?): Kill(?:ed)? process (\d+)(?: \((.{1,64}?)\))?(?=[ ,]|$).*/,
    'kernel-oom-global',
    ([all, which = '', pid, name]) => ({
      kind: which.startsWith('Memory') ? 'kernel-oom-cgroup' : 'kernel-oom-global',
      said: `${which}: Killed process ${pid ?? ''}`,
      origin: { pid: Number(pid), ...(name === undefined ? {} : { name }) },
      figures: kernelFigures(all),
    }),
  ],
  [
    /System OOM encountered, victim process: (\S{1,64}), pid: (\d+)/,
    'kernel-oom-global',
    ([, name = '', pid]) => ({ origin: { name, pid: Number(pid) } }),
  ],
  [
    /FATAL ERROR: .{0,120}(?:out of memory|semi space failed|Zone|invalid (?:array|table) (?:length|size)).{0,40}/,
    'v8-heap-limit',
  ],
  [/# ?Fatal (?:JavaScript|process) out of memory: .{0,80}/, 'v8-heap-limit'],
  [/ERR_WORKER_OUT_OF_MEMORY/, 'worker-heap-limit'],
  [/ERR_OUT_OF_MEMORY/, 'node-out-of-memory'],
  [/Array buffer allocation failed/, 'array-buffer-failed'],
  [
    /(?:\(node:(\d+)\) )?MaxListenersExceededWarning: .{0,80}?(\d+) (.{1,60}?) listeners added(?: to (\[?[\w$. ]{1,60}\]?))?/,
    'listeners-exceeded',
    ([, pid, listeners, event = '', emitter]) => ({
      said: `${listeners ?? ''} ${event} listeners added${emitter === undefined ? '' : ` to ${emitter}`}`,
      origin: pid === undefined ? {} : { pid: Number(pid) },
      figures: { listeners: Number(listeners) },
    }),
  ],
  [
    /std::bad_alloc|\b(?:malloc|calloc|realloc|mmap|posix_memalign)(?:\(\))?(?: failed|: Cannot allocate memory)|(?:[Cc]annot|[Ff]ailed to) allocate memory|\bENOMEM\b/,
    'allocation-failed',
  ],
  [/^(?:(\S{1,253}\.\w+): )?A process of this unit has been killed by the OOM killer/, 'systemd-oom', unitOf],
  [/^(?:(\S{1,253}\.\w+): )?Failed with result 'oom-kill'/, 'systemd-oom', unitOf],
  [/^(?:(\S{1,253}\.\w+): )?Main process exited, code=killed, status=9\/KILL/, 'exit-137', unitOf],
  [/^(?:(\S{1,253}\.\w+): )?Main process exited, code=(?:dumped|killed), status=6\/ABRT/, 'exit-134', unitOf],
  [/\bcontainer oom ([0-9a-f]{12})[0-9a-f]*(?: \((.*)\))?/, 'container-oom', dockerOf],
  [
    /\bcontainer die ([0-9a-f]{12})[0-9a-f]*(?: \((.*exitCode=(137|134).*)\))/,
    'exit-137',
    (match) => ({
      ...dockerOf(match),
      kind: match[3] === '134' ? 'exit-134' : 'exit-137',
      said: `container die, exitCode=${match[3] ?? ''}`,
    }),
  ],
  [
    /The node was low on resource: memory\.?(?:.*?Container (\S{1,253}) was using (\d+)(Ki|Mi|Gi)?)?/,
    'kubernetes-evicted',
    ([, container, used, unit]) => ({
      said: 'The node was low on resource: memory',
      origin: container === undefined ? {} : { container },
      figures: used === undefined ? {} : { usedBytes: Number(used) * scale(unit) },
    }),
  ],
  [
    /Memory quota vastly exceeded|Container killed due to memory usage|(?<!last)["']?\bOOMKilled\b["']?(?! ?["']?: ?false)/,
    'container-oom',
  ],
  [
    /(?:exited with (?:exit )?(?:code|status)|non-zero exit|[Ee]xit[ _]?[Cc]ode|[Ee]xit status)["']?[ :=[(]{1,20}["']?(137|134)\b/,
    'exit-137',
    ([, code]) => ({ kind: code === '134' ? 'exit-134' : 'exit-137', said: `exit code ${code ?? ''}` }),
  ],
];

/** What one text says; null when it is nothing of memory. Never throws. */
export function recognise(text: string): Recognised | null {
  // A field of an error that the lines above have told.
  if (/^\s*code: '/.test(text)) return null;
  for (const [pattern, kind, detail] of rules) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const pod = /\bpod\/([\w.-]{1,253})/.exec(text)?.[1];
    const found = { kind, said: match[0].trim(), figures: {}, ...detail?.(match) };
    return { ...found, origin: { ...(pod === undefined ? {} : { pod }), ...found.origin } };
  }
  return null;
}

/** What a JSON line says by its fields. */
export function recogniseFields(fields: Readonly<Record<string, unknown>>): Recognised | null {
  const { reason, Action: action, status } = fields;
  const attributes = attributesOf(fields);
  const code = Number(fields['exitCode'] ?? fields['exit_code'] ?? attributes['exitCode'] ?? NaN);
  const found = (kind: MemoryErrorKind, said: string): Recognised => ({ kind, said, origin: {}, figures: {} });
  if (reason === 'OOMKilled' || reason === 'OOMKilling') return found('container-oom', reason);
  if (fields['OOMKilled'] === true) return found('container-oom', 'OOMKilled: true');
  if (fields['Type'] === 'container' && (action === 'oom' || status === 'oom'))
    return found('container-oom', 'container oom');
  if (code === 137) return found('exit-137', 'exit code 137');
  if (code === 134) return found('exit-134', 'exit code 134');
  return null;
}

/** Figures of the line of the kernel that names who was killed; the kernel counts in kB of 1024 bytes. */
export function kernelFigures(text: string): Record<string, number> {
  const figures: Record<string, number> = {};
  const names = {
    'total-vm': 'virtualBytes',
    'anon-rss': 'anonymousBytes',
    'file-rss': 'fileBytes',
    'shmem-rss': 'sharedBytes',
  };
  for (const [word, name] of Object.entries(names)) {
    const kilobytes = new RegExp(`${word}:(\\d+)kB`).exec(text)?.[1];
    if (kilobytes !== undefined) figures[name] = Number(kilobytes) * 1024;
  }
  if (figures['anonymousBytes'] !== undefined) {
    figures['rssBytes'] = figures['anonymousBytes'] + (figures['fileBytes'] ?? 0) + (figures['sharedBytes'] ?? 0);
  }
  return figures;
}

function unitOf([, unit]: RegExpExecArray): Partial<Recognised> {
  return unit === undefined ? {} : { origin: { unit } };
}

function dockerOf([, id = '', attributes = '']: RegExpExecArray): Partial<Recognised> {
  const name = /\bname=([\w.-]{1,253})/.exec(attributes)?.[1];
  return { said: 'container oom', origin: { container: name ?? id } };
}

function attributesOf(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const actor = fields['Actor'];
  const attributes =
    typeof actor === 'object' && actor !== null ? (actor as Record<string, unknown>)['Attributes'] : null;
  return typeof attributes === 'object' && attributes !== null ? (attributes as Record<string, unknown>) : {};
}

function scale(unit: string | undefined): number {
  return unit === 'Ki' ? 1024 : unit === 'Mi' ? 2 ** 20 : unit === 'Gi' ? 2 ** 30 : 1;
}
