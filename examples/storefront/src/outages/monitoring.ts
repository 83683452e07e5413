/**
 * The monitoring that most teams have, on this machine: it knows how much CPU the workers take, and raises `HighCPU` the way
 * Prometheus' Alertmanager does, when they take half as much again as they did before.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** What is monitored, and where alarms go. */
export interface MonitoringOptions {
  /** The primary, whose children are the workers. */
  readonly primaryPid: number;
  /** The address of the server, and the token of its agents. */
  readonly url: string;
  readonly token: string;
  readonly onAlarm: (sentence: string) => void;
}

/** Monitoring that runs. */
export interface Monitoring {
  /** What the workers took until now is what they usually take. */
  remember(): void;
  stop(): void;
}

const everyMs = 2000;
const timesUsual = 1.5;
/** An average of about so many looks. */
const looks = 8;
/** A start takes CPU, too: it has to last. */
const firesAfterLooks = 10;
const ticksPerSecond = 100;

/** Starts to monitor; on another system than Linux it sees nothing. */
export function startMonitoring({ primaryPid, url, token, onAlarm }: MonitoringOptions): Monitoring {
  let before = cpuSeconds(primaryPid);
  let beforeMs = performance.now();
  let share = Number.NaN;
  let usual = Number.NaN;
  let high = 0;
  let isFiring = false;
  let startsAt = new Date();
  const tell = async (status: 'firing' | 'resolved'): Promise<void> => {
    await send(url, token, { status, startsAt });
  };
  const timer = setInterval(() => {
    const now = cpuSeconds(primaryPid);
    const nowMs = performance.now();
    let seconds = 0;
    for (const [pid, value] of now) seconds += value - (before.get(pid) ?? value);
    const current = (seconds * 1000) / (nowMs - beforeMs);
    [before, beforeMs] = [now, nowMs];
    share = Number.isNaN(share) ? current : share + (current - share) / looks;
    const isHigh = share > timesUsual * usual;
    high = isHigh ? high + 1 : 0;
    if (isFiring && !isHigh) {
      isFiring = false;
      onAlarm(`HighCPU is over: CPU is at ${percent(share)}`);
      void tell('resolved').catch(() => undefined);
    }
    if (isFiring || high < firesAfterLooks) return;
    isFiring = true;
    onAlarm(`HighCPU: CPU is at ${percent(share)}, usually ${percent(usual)}`);
    startsAt = new Date();
    void tell('firing').catch(() => {
      isFiring = false; // again at the next look
    });
  }, everyMs);
  return {
    remember: () => {
      usual = share;
    },
    stop: () => {
      clearInterval(timer);
    },
  };
}

/** By process id: of the primary's children, user and system time. See proc(5). */
function cpuSeconds(primaryPid: number): Map<number, number> {
  const found = new Map<number, number>();
  for (const name of listOf('/proc')) {
    const fields = statOf(name);
    if (fields[1] === String(primaryPid))
      found.set(Number(name), (Number(fields[11]) + Number(fields[12])) / ticksPerSecond);
  }
  return found;
}

function listOf(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** The fields behind the command, which may hold anything: state, parent, … */
function statOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
  } catch {
    return []; // it has ended meanwhile
  }
}

async function send(
  url: string,
  token: string,
  { status, startsAt }: { status: 'firing' | 'resolved'; startsAt: Date },
): Promise<void> {
  const labels = { alertname: 'HighCPU', service: 'storefront', severity: 'critical' };
  const endsAt = status === 'resolved' ? { endsAt: new Date().toISOString() } : {};
  const alert = { status, labels, annotations: {}, startsAt: startsAt.toISOString(), ...endsAt };
  const response = await fetch(`${url}/api/v1/alertmanager`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ version: '4', status, alerts: [alert] }),
  });
  if (!response.ok) throw new Error(`the server answered ${String(response.status)}`);
}

function percent(share: number): string {
  return `${String(Math.round(share * 100))} %`;
}
