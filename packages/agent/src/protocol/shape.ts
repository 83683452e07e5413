import type { AgentMessage, WatcherMessage } from './messages.ts';

type Kind = 'string' | 'number' | 'boolean' | 'object';
type Shape = Readonly<Record<string, Kind>>;

/*
 * The fields without which a message is useless. Optional fields are not looked at: who reads
 * one handles its absence anyway.
 */
const agentShapes: Readonly<Record<AgentMessage['type'], Shape>> = {
  hello: {
    pid: 'number',
    ppid: 'number',
    threadId: 'number',
    nodeVersion: 'string',
    execPath: 'string',
    argv: 'object',
    cwd: 'string',
    heapLimitBytes: 'number',
    startedAtMs: 'number',
  },
  sample: {
    pid: 'number',
    threadId: 'number',
    sample: 'object',
    gcCpuShare: 'number',
    eventLoopDelayP99Ms: 'number',
    eventLoopUtilization: 'number',
    requestsByRoute: 'object',
    activeRequests: 'number',
  },
  collected: { id: 'number', ok: 'boolean' },
  captured: { id: 'number', ok: 'boolean' },
  profiled: { id: 'number', ok: 'boolean' },
  'source-mapped': { id: 'number', ok: 'boolean' },
  warning: { code: 'string', message: 'string' },
  bye: { pid: 'number', threadId: 'number', reason: 'string' },
};

const watcherShapes: Readonly<Record<WatcherMessage['type'], Shape>> = {
  collect: { id: 'number' },
  snapshot: { id: 'number', file: 'string' },
  profile: { id: 'number', action: 'string' },
  'source-maps': { id: 'number', folder: 'string' },
  interval: { ms: 'number' },
  leave: {},
  record: { directory: 'string' },
  received: { lines: 'number' },
};

const sampleShape: Shape = {
  timeMs: 'number',
  heapUsedBytes: 'number',
  rssBytes: 'number',
  externalBytes: 'number',
  arrayBuffersBytes: 'number',
  heapLimitBytes: 'number',
};
const floorShape: Shape = {
  timeMs: 'number',
  heapBytes: 'number',
  externalBytes: 'number',
  arrayBuffersBytes: 'number',
};

const classShape: Shape = { name: 'string', count: 'number' };
const siteShape: Shape = { stack: 'object', liveBytes: 'number' };
const frameShape: Shape = { function: 'string', url: 'string', line: 'number', column: 'number' };

/** Whether a parsed line is a message of an agent, with every field that a reader relies on. */
export function isAgentMessage(value: unknown): value is AgentMessage {
  if (!matchesOneOf(value, agentShapes)) return false;
  const message = value as AgentMessage;
  if (message.type === 'hello') return isStrings(message.argv);
  if (message.type === 'profiled') return isProfiled(message);
  if (message.type === 'sample') return isSample(message.sample) && isCounts(message.requestsByRoute);
  return true;
}

/** Whether a parsed line is a command of a watcher, with every field that the agent relies on. */
export function isWatcherMessage(value: unknown): value is WatcherMessage {
  if (!matchesOneOf(value, watcherShapes)) return false;
  const message = value as WatcherMessage;
  if (message.type === 'profile') return ['start', 'take', 'stop'].includes(message.action);
  if (message.type !== 'snapshot') return true;
  const { method = 'fork', timeoutMs = 0, niceness = 19 } = message;
  return ['fork', 'inline', 'auto'].includes(method) && [timeoutMs, niceness].every(Number.isFinite);
}

function isSample(value: unknown): boolean {
  if (!hasShape(value, sampleShape)) return false;
  const { floor, requests } = value;
  return (floor === null || hasShape(floor, floorShape)) && (requests === null || typeof requests === 'number');
}

function isProfiled({ profile, classes }: { profile?: unknown; classes?: unknown }): boolean {
  if (profile !== undefined && !isProfile(profile)) return false;
  return classes === undefined || (Array.isArray(classes) && classes.every((one) => hasShape(one, classShape)));
}

function isProfile(value: unknown): boolean {
  if (!hasShape(value, { sites: 'object', otherBytes: 'number', intervalBytes: 'number' })) return false;
  const { sites } = value;
  return Array.isArray(sites) && sites.every((site) => hasShape(site, siteShape) && isStack(site['stack']));
}

function isStack(value: unknown): boolean {
  return Array.isArray(value) && value.every((frame) => hasShape(frame, frameShape));
}

function isCounts(value: object): boolean {
  return !Array.isArray(value) && Object.values(value).every((count) => typeof count === 'number');
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((part) => typeof part === 'string');
}

function matchesOneOf(value: unknown, shapes: Readonly<Record<string, Shape>>): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const type: unknown = (value as { type?: unknown }).type;
  if (typeof type !== 'string' || !Object.hasOwn(shapes, type)) return false;
  return hasShape(value, shapes[type]);
}

function hasShape(value: unknown, shape: Shape): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<string, unknown>;
  return Object.entries(shape).every(([name, kind]) => typeof fields[name] === kind && fields[name] !== null);
}
