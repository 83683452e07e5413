import type { Finding } from './finding.ts';
import { titleOf } from './title.ts';

/**
 * One finding a leak, however many holders it has: a list for each tenant, a cache on each component. The heaviest
 * holder stands for all; the growth is theirs together.
 */
export function mergeFindings(findings: Finding[]): Finding[] {
  const merged = new Map<string, Finding>();
  for (const finding of findings) {
    const key = `${finding.verdict} ${finding.bound?.kind ?? ''} ${finding.fingerprint}`;
    const known = merged.get(key);
    merged.set(key, known ? join(known, finding) : finding);
  }
  return [...merged.values()].map((finding) => ({ ...finding, title: titleOf(finding) }));
}

function join(one: Finding, other: Finding): Finding {
  const steps = one.steps?.map((step, k) => ({
    bytes: step.bytes + (other.steps?.[k]?.bytes ?? 0),
    count: step.count + (other.steps?.[k]?.count ?? 0),
  }));
  return {
    ...one,
    retainedBytes: one.retainedBytes + other.retainedBytes,
    growthBytes: (one.growthBytes ?? 0) + (other.growthBytes ?? 0),
    growthCount: (one.growthCount ?? 0) + (other.growthCount ?? 0),
    sample: { ...one.sample, count: one.sample.count + other.sample.count },
    holders: (one.holders ?? 1) + 1,
    ...(steps ? { steps } : {}),
  };
}
