import { expect, test } from 'vitest';
import type { ServiceState } from '../judge/fleet.ts';
import { finding } from '../fixtures/findings.ts';
import { usualRules as rules } from './decide.ts';
import { diagnose, type Known, type Symptom } from './diagnose.ts';

const service = (verdict: 'leak' | 'clean' | 'warming', told: Partial<ServiceState> = {}): ServiceState => {
  const verdicts = { clean: 0, warming: 0, bounded: 0, leak: 0, native: 0, [verdict]: 3 };
  const judged = {
    verdict,
    confirmed: verdict === 'leak',
    processes: 3,
    secondsToLimit: verdict === 'leak' ? 1400 : null,
    secondsToLimitInterval: verdict === 'leak' ? ([1080, 1900] as [number, number]) : null,
  };
  const bytesPerSecond = verdict === 'leak' ? 150_000 : 0;
  const version = { version: '1.1', firstSeenMs: 0, lastSeenMs: 0, ...judged, verdicts, bytesPerSecond, odd: [] };
  return { id: 1, name: 'shop', namespace: '', environment: '', ...judged, versions: [version], ...told };
};
const alert = (title: string, kind: Symptom['kind'], level: Symptom['level'] = 'page'): Symptom => ({
  source: 'alertmanager',
  kind,
  level,
  title,
  text: '',
});
const end: Symptom = {
  source: 'agents',
  kind: 'restarts',
  level: 'warning',
  title: 'restart near the limit',
  text: 'shop-1 ended at 97 % of its limit, and runs anew',
};
const of = (told: Partial<Known>): string => {
  const known = { name: 'shop', service: null, gcShare: null, symptoms: [], findings: [], before: null, ...told };
  const { level, cause, summary } = diagnose(known, rules);
  return `${level} ${cause}: ${summary}`;
};

const growth =
  'shop 1.1 leaks: 3 of 3 processes, +9.0 MB a minute; the limit is 23 minutes away (18 minutes to 32 minutes)';

test('a leak alone is what it was before there were signals', () => {
  expect(of({ service: service('leak'), gcShare: 0.02 })).toBe(`page memory: ${growth}`);
});

test('what holds the memory comes first, where it was found in the version that leaks', () => {
  const led = growth.replace(
    'leaks: ',
    'leaks: sessions (Map) in src/session-store.ts:12 keeps what it gets, 1.9 kB a request; ',
  );
  expect(of({ service: service('leak'), findings: [finding()] })).toBe(`page memory: ${led}`);
  expect(of({ service: service('leak'), findings: [finding({ version: '' })] })).toBe(`page memory: ${led}`);
  for (const other of [finding({ version: '1.0' }), finding({ confirmed: false })])
    expect(of({ service: service('leak'), findings: [other] })).toBe(`page memory: ${growth}`);
  expect(of({ service: service('warming'), symptoms: [end], findings: [finding()] })).toBe(
    `warning memory: shop: sessions (Map) in src/session-store.ts:12 keeps what it gets, 1.9 kB a request. Shop-1 ended at 97 % of its limit, and runs anew`,
  );
});

test('a CPU page that is garbage collection is a symptom of the leak, which stands first', () => {
  expect(of({ service: service('leak'), gcShare: 0.71, symptoms: [alert('HighCPU', 'cpu')] })).toBe(
    `page memory: ${growth}. The CPU page is garbage collection: up to 71 % of the time`,
  );
});

test('everything that is told of a service that leaks is one incident, however much it is', () => {
  const symptoms = [
    ...[alert('HighCPU', 'cpu', 'warning'), alert('SlowRequests', 'latency'), alert('KubePodCrashLooping', 'restarts')],
    ...[alert('ErrorRate', 'errors'), alert('HighMemory', 'memory'), alert('A', 'oom'), alert('B', 'oom')],
  ];
  expect(of({ service: service('leak'), gcShare: 0.03, symptoms })).toBe(
    `page memory: ${growth}. The CPU alert is not garbage collection, which takes 3 % of the time; also told: SlowRequests (latency), KubePodCrashLooping (restarts), ErrorRate (errors), HighMemory (memory), A (oom) and 1 more`,
  );
});

test('a CPU page of a service whose memory is well stays one, and says that memory is not the cause', () => {
  expect(of({ service: service('clean'), gcShare: 0.02, symptoms: [alert('HighCPU', 'cpu')] })).toBe(
    'page elsewhere: shop: HighCPU (cpu). Memory is not the cause: none of 3 processes grows, and collections take 2 % of the time',
  );
});

test.each([
  [
    'memory that is not judged yet',
    { service: service('warming'), gcShare: 0.02 },
    'The cause is open: 3 processes, 3 warming; collections take 2 % of the time',
  ],
  [
    'collections that run all the time',
    { service: service('warming'), gcShare: 0.6 },
    'It is garbage collection: up to 60 % of the time; whether memory grows is not decided yet',
  ],
  ['a service that nobody hears of', {}, 'None of its processes is heard of, so nothing is known of its memory'],
  [
    'a service whose collections nobody tells',
    { service: service('clean') },
    'The cause is open: 3 processes, 3 clean',
  ],
])('the cause of a page is open with %s', (_what, told, words) => {
  expect(of({ ...told, symptoms: [alert('HighCPU', 'cpu')] })).toBe(`page open: shop: HighCPU (cpu). ${words}`);
});

test('processes that end near their limit are memory, also without a verdict', () => {
  expect(of({ service: service('warming'), gcShare: 0.1, symptoms: [end] })).toBe(`warning memory: shop: ${end.text}`);
  expect(of({ service: service('leak'), symptoms: [end, end] })).toBe(
    `page memory: ${growth}. 2 processes ended near their limit, and run anew`,
  );
});

test('what was memory stays memory, and what was elsewhere stays so until collections are high', () => {
  const symptoms = [alert('HighCPU', 'cpu', 'warning')];
  expect(of({ service: service('clean'), gcShare: 0.02, symptoms, before: 'memory' })).toBe(
    'warning memory: shop: no process runs out of memory any more. The CPU alert is not garbage collection, which takes 2 % of the time',
  );
  expect(of({ service: service('clean'), gcShare: 0.15, symptoms })).toMatch(/^warning open/);
  expect(of({ service: service('clean'), gcShare: 0.15, symptoms, before: 'elsewhere' })).toMatch(/^warning elsewhere/);
  expect(of({ service: service('clean'), gcShare: 0.3, symptoms, before: 'elsewhere' })).toMatch(/^warning open/);
});

test("alerts of other kinds, and those that are nobody's business, open nothing", () => {
  const symptoms = [alert('CertificateExpiry', 'other'), alert('HighCPU', 'cpu', null)];
  expect(of({ service: service('clean'), gcShare: 0.01, symptoms })).toMatch(/^null /);
});

test('names of any length leave a summary that can be read', () => {
  const symptoms = Array.from({ length: 50 }, (_, i) => alert(`${i}${'x'.repeat(250)}`, 'cpu'));
  expect(of({ symptoms }).length).toBeLessThan(700);
});
