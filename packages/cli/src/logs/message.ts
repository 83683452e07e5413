/** What a line of a log says, out of whatever it is wrapped in, and who says it. */
import { takeStamp, timeOfField, type StampContext, type Stamped } from './stamps.ts';

/** Who a message is about; empty where the line does not say. */
export interface Origin {
  pid?: number;
  /** Of the process, as the kernel or the logger names it. */
  name?: string;
  unit?: string;
  container?: string;
  pod?: string;
  host?: string;
}

/** One message; a JSON line may hold several lines of text. */
export interface LogMessage extends Omit<Stamped, 'rest'> {
  texts: readonly string[];
  origin: Origin;
  /** Fields of a JSON line: events of Kubernetes and Docker say with them what they are. */
  fields: Readonly<Record<string, unknown>> | null;
}

/** Takes a line apart. Never throws. */
export function messageOf(line: string, context: StampContext): LogMessage {
  const stamped = takeStamp(line, context);
  const { rest, ...time } = stamped;
  // A line of Kubernetes' container logs: `2026-…Z stderr F text`.
  const cri = /^(?:stdout|stderr) [FP] /.exec(rest);
  const text = (cri === null ? rest : rest.slice(cri[0].length)).trimEnd();
  // In Docker Compose's output and elsewhere the JSON stands behind a name.
  const json = /^(?:([\w./-]{1,128}) +\| +)?(\{.*\})$/.exec(text);
  const fields = json === null ? null : objectIn(json[2] ?? '');
  if (fields !== null) {
    const inner = fromFields(fields, context);
    const container = json?.[1] === undefined ? {} : { container: json[1] };
    const useOuter = inner.timeMs === null;
    return { ...inner, ...(useOuter ? time : {}), origin: { ...container, ...inner.origin } };
  }
  return { ...time, ...fromText(text, time.timeMs !== null), fields: null };
}

/** `host name[pid]: text` of syslog, `name | text` of Docker Compose, `name 12 - text`; otherwise text. */
function fromText(text: string, stamped: boolean): { texts: string[]; origin: Origin } {
  const syslog = stamped ? /^(?:(\S{1,253}) )?([\w./@-]{1,128})(?:\[(\d+)\])?: (.*)$/.exec(text) : null;
  if (syslog !== null) {
    const [, host, name = '', pid, rest = ''] = syslog;
    // The kernel's own stamp, behind that of syslog.
    const inner = name === 'kernel' ? rest.replace(/^\[ *\d+\.\d+\]\s*/, '') : rest;
    const program =
      name === 'kernel' || name === 'systemd' ? {} : { name, ...(pid === undefined ? {} : { pid: Number(pid) }) };
    return { texts: [inner], origin: { ...(host === undefined ? {} : { host }), ...program } };
  }
  const compose = /^([\w./-]{1,128}) +\| +(.*)$/.exec(text);
  if (compose !== null) return { texts: [compose[2] ?? ''], origin: { container: compose[1] ?? '' } };
  return { texts: [text], origin: {} };
}

const timeFields = [
  'time',
  'timestamp',
  '@timestamp',
  'ts',
  'date',
  '__REALTIME_TIMESTAMP',
  'lastTimestamp',
  'eventTime',
  'timeNano',
  'finishedAt',
];
const textFields = ['log', 'message', 'msg', 'MESSAGE', 'stack', 'error', 'err', 'exception', 'textPayload', 'body'];

function fromFields(fields: Record<string, unknown>, context: StampContext): LogMessage {
  let time: Pick<Stamped, 'timeMs' | 'assumed'> | null = null;
  for (const name of timeFields) time ??= timeOfField(fields[name], context);
  const texts: string[] = [];
  for (const name of textFields) {
    const value = fields[name];
    if (typeof value === 'string') texts.push(...value.split('\n'));
    // Errors as loggers write them: { message, stack, code }.
    else if (typeof value === 'object' && value !== null) {
      for (const part of ['stack', 'message', 'code']) {
        const text = (value as Record<string, unknown>)[part];
        if (typeof text === 'string') texts.push(...text.split('\n'));
      }
    }
  }
  // A line within a line: what Docker or a collector wrapped may have a stamp or JSON of its own.
  const [first, ...others] = texts;
  const inner =
    first !== undefined && (/^\s*\{/.test(first) || takeStamp(first, context).timeMs !== null)
      ? messageOf(first, context)
      : null;
  return {
    timeMs: inner?.timeMs ?? time?.timeMs ?? null,
    sinceBootSeconds: null,
    assumed: (inner?.timeMs != null ? inner.assumed : time?.assumed) ?? [],
    texts: inner === null ? texts : [...inner.texts, ...others],
    origin: { ...originOf(fields), ...inner?.origin },
    fields: inner?.fields ?? fields,
  };
}

function originOf(fields: Record<string, unknown>): Origin {
  const nested = (name: string): Record<string, unknown> => {
    const value = fields[name];
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  };
  const text = (...values: unknown[]): string | undefined =>
    values.find((value): value is string => typeof value === 'string' && value !== '' && value.length <= 253);
  const kubernetes = nested('kubernetes');
  const involved = { ...nested('involvedObject'), ...nested('involved_object'), ...nested('regarding') };
  const attributes = nested('Actor')['Attributes'];
  const name =
    typeof attributes === 'object' && attributes !== null ? (attributes as Record<string, unknown>)['name'] : undefined;
  const pid = Number(fields['pid'] ?? fields['_PID'] ?? NaN);
  const origin: Record<string, unknown> = {
    pid: Number.isInteger(pid) && pid > 0 ? pid : undefined,
    name: text(fields['service'], fields['service.name'], fields['_COMM'], fields['name']),
    unit: text(fields['UNIT'], fields['_SYSTEMD_UNIT']),
    container: text(
      kubernetes['container_name'],
      fields['container_name'],
      fields['container'],
      name,
      fields['CONTAINER_NAME'],
    ),
    pod: text(kubernetes['pod_name'], involved['kind'] === 'Pod' ? involved['name'] : undefined, fields['pod']),
    host: text(fields['hostname'], fields['_HOSTNAME'], fields['host'], kubernetes['host']),
  };
  return Object.fromEntries(Object.entries(origin).filter(([, value]) => value !== undefined));
}

function objectIn(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
