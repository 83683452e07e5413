import { expect, test } from 'vitest';
import { kindOf, levelOfAlert } from './classify.ts';

const labels = (told: Record<string, string>): Map<string, string> => new Map(Object.entries(told));

test.each([
  ['CPUThrottlingHigh', 'cpu'],
  ['HighCPU', 'cpu'],
  ['HostHighCpuLoad', 'cpu'],
  ['ContainerHighThrottleRate', 'cpu'],
  ['process-cpu-saturation', 'cpu'],
  ['KubePodCrashLooping', 'restarts'],
  ['PodRestartingTooMuch', 'restarts'],
  ['KubePodOOMKilled', 'oom'],
  ['ContainerOomKiller', 'oom'],
  ['NodeOutOfMemory', 'oom'],
  ['ContainerHighMemoryUsage', 'memory'],
  ['node_heap_usage', 'memory'],
  ['HighGCTime', 'gc'],
  ['HighRequestLatency', 'latency'],
  ['api slow requests', 'latency'],
  ['ApiP99Above1s', 'latency'],
  ['EventLoopLag', 'latency'],
  ['HighErrorRate', 'errors'],
  ['Http5xxRatio', 'errors'],
  ['ErrorBudgetBurn', 'errors'],
  ['KubeJobFailed', 'errors'],
  ['Watchdog', 'other'],
  ['CertificateExpiry', 'other'],
  ['KubeMemoryOvercommit', 'other'],
  ['constructor', 'other'],
  ['', 'other'],
])('%s is %s', (alertname, kind) => {
  expect(kindOf(labels({ alertname }))).toBe(kind);
});

test("a reason of Kubernetes' says more than the name, and ebb_signal most of all", () => {
  expect(kindOf(labels({ alertname: 'PodNotReady', reason: 'OOMKilled' }))).toBe('oom');
  expect(kindOf(labels({ alertname: 'PodNotReady', reason: 'CrashLoopBackOff' }))).toBe('restarts');
  expect(kindOf(labels({ alertname: 'HighCPU', reason: 'OOMKilled', ebb_signal: 'Latency' }))).toBe('latency');
  expect(kindOf(labels({ alertname: 'HighCPU', ebb_signal: 'nonsense' }))).toBe('cpu');
});

test.each([
  ['critical', 'page'],
  ['Page', 'page'],
  ['P1', 'page'],
  ['sev2', 'warning'],
  ['warning', 'warning'],
  ['info', 'notice'],
  ['none', null],
  ['something', 'warning'],
])('the severity %s is %s', (severity, level) => {
  expect(levelOfAlert(labels({ severity }))).toBe(level);
});

test('without a severity the priority counts, and without both it is a warning', () => {
  expect(levelOfAlert(labels({ priority: 'P0' }))).toBe('page');
  expect(levelOfAlert(labels({}))).toBe('warning');
});
