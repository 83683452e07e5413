/**
 * What an alert of existing monitoring is about, and how urgent its sender finds it: pure. By, in this order: the label
 * `ebb_signal`, a reason that Kubernetes gives, the names of the rules that kube-prometheus ships, and the words of the
 * alert's name, whatever their case and whatever stands between them.
 */
import type { Level } from '../incident/level.ts';
import { signalKinds, type SignalKind } from './signal.ts';

type Labels = ReadonlyMap<string, string>;

/** Rules of kube-prometheus and the kubernetes mixin whose names' words say something else, or nothing. */
const knownNames: ReadonlyMap<string, SignalKind> = new Map([
  ['CPUThrottlingHigh', 'cpu'],
  ['KubePodCrashLooping', 'restarts'],
  ['KubePodOOMKilled', 'oom'],
  ['KubeContainerOOMKilled', 'oom'],
  // Of the cluster and of single machines, not of a service.
  ['KubeCPUOvercommit', 'other'],
  ['KubeMemoryOvercommit', 'other'],
  ['KubeCPUQuotaOvercommit', 'other'],
  ['KubeMemoryQuotaOvercommit', 'other'],
  ['NodeMemoryHighUtilization', 'other'],
  ['NodeMemoryMajorPagesFaults', 'other'],
  ['NodeCPUHighUsage', 'other'],
  ['NodeSystemSaturation', 'other'],
]);

const byReason: ReadonlyMap<string, SignalKind> = new Map([
  ['OOMKilled', 'oom'],
  ['OOMKilling', 'oom'],
  ['CrashLoopBackOff', 'restarts'],
]);

/** The first row whose word stands in the name decides: an alert on memory that kills is about the killing. */
const words: readonly (readonly [SignalKind, RegExp])[] = [
  ['oom', /\b(?:oom|oomkill\w*|out of memory|outofmemory)\b/],
  ['restarts', /\b(?:crash\w*|restart\w*)\b/],
  ['gc', /\b(?:gc|garbage collect\w*)\b/],
  ['memory', /\b(?:memory|mem|heap|rss|leak\w*)\b/],
  ['cpu', /\b(?:cpu|throttl\w*|processor)\b/],
  ['latency', /\b(?:latency|latencies|slow\w*|duration|response time\w*|event ?loop|apdex|p9\d)\b/],
  ['errors', /\b(?:error\w*|fail\w*|availability|unavailable)\b|5xx\b/],
];

/** What the alert is about. */
export function kindOf(labels: Labels): SignalKind {
  const told = labels.get('ebb_signal')?.trim().toLowerCase();
  const asked = signalKinds.find((kind) => kind === told);
  if (asked !== undefined) return asked;
  const name = labels.get('alertname') ?? '';
  const known = byReason.get(labels.get('reason') ?? '') ?? knownNames.get(name);
  if (known !== undefined) return known;
  const text = wordsOf(name);
  return words.find(([, pattern]) => pattern.test(text))?.[0] ?? 'other';
}

const levels: readonly (readonly [Level | null, RegExp])[] = [
  ['page', /^(?:critical|page|emergency|fatal|disaster|sev-?[01]|p-?[01])$/],
  ['notice', /^(?:info|information|informational|notice|low|minor|sev-?[345]|p-?[345])$/],
  [null, /^(?:none|ok|debug)$/],
];

/** How urgent: by the label `severity`, or else `priority`; what is not known is a warning. */
export function levelOfAlert(labels: Labels): Level | null {
  const told = (labels.get('severity') ?? labels.get('priority') ?? '').trim().toLowerCase();
  const found = levels.find(([, pattern]) => pattern.test(told));
  return found === undefined ? 'warning' : found[0];
}

/** `HighCPUUsage`, `high_cpu-usage` and `High CPU usage` are the same words. */
function wordsOf(name: string): string {
  return name
    .slice(0, 256)
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .replace(/[^A-Za-z\d]+/g, ' ')
    .toLowerCase();
}
