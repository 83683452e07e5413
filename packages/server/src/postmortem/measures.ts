/** What would keep it from coming back: proposed from what is known of the leak, each with what can prove it. Pure. */
import type { ActionKind } from './action-kind.ts';
import type { PostmortemFacts } from './facts.ts';
import { placeOf } from './sections/words.ts';

/** Something that is to be done. */
export interface Measure {
  kind: ActionKind;
  title: string;
  /** Why it would have helped, in a sentence. */
  why: string;
}

/** The lint rules that know a kind of leak, by how they are called in `@ebb/eslint-plugin`. */
const rules: Readonly<Record<string, readonly string[]>> = {
  collection: ['no-unbounded-collection', 'no-cache-without-bound', 'no-stale-key'],
  listener: ['no-listener-per-request', 'no-abort-listener-leak'],
  timer: ['no-uncleared-interval'],
  promise: ['no-race-with-long-lived-promise', 'no-recursive-promise-chain'],
  module: ['no-module-children-leak'],
  buffer: ['no-unbounded-collection', 'no-unclosed-resource'],
};

/** The measures, those that catch it the earliest first. */
export function measuresFor(facts: PostmortemFacts): Measure[] {
  const { culprit, incident, impact, times, signals } = facts;
  const measures: Measure[] = [];
  if (culprit !== null) {
    const place = placeOf(facts);
    const where = place === null ? culprit.subject : `${culprit.subject} at ${place}`;
    const known = rules[culprit.kind];
    if (known !== undefined)
      measures.push({
        kind: 'lint',
        title: `Make ebb review find ${where}: ${known.map((rule) => `ebb/${rule}`).join(' or ')}`,
        why: `The rules that look for a leak of the kind ${culprit.kind} tell it in the change that brings it.`,
      });
    measures.push({
      kind: 'test',
      title: `Write a memory test (ebb test) of the code that fills ${culprit.subject}`,
      why:
        culprit.bytesPerRequest === null
          ? 'It grows with the work, which a test repeats within seconds.'
          : `It grows by ${Math.round(culprit.bytesPerRequest)} bytes with each request, which a test of some hundred iterations shows.`,
    });
    if (culprit.routes.length > 0)
      measures.push({
        kind: 'soak',
        title: `Drive ${culprit.routes.join(', ')} in ebb soak before each release`,
        why: `The leak is fed by ${culprit.routes.length === 1 ? 'this route' : 'these routes'}.`,
      });
  }
  if (incident.cause === 'memory') {
    const lateMs = times.startedMs === null ? null : times.detectedMs - times.startedMs;
    const isLate = impact !== null && impact.all.fromMs < times.detectedMs;
    measures.push({
      kind: 'alert',
      title: isLate
        ? 'Page on growth earlier: raise warn_within and page_within in the alert rules of this service'
        : 'Keep the alert on growth: replay this leak against it',
      why:
        lateMs === null
          ? 'When it began was not measured.'
          : `It was detected ${Math.round(lateMs / 60_000)} minutes after it began${isLate ? ', and after users were hit' : ''}.`,
    });
  }
  if (signals.some(({ kind }) => kind === 'cpu'))
    measures.push({
      kind: 'alert',
      title: 'Put the share of garbage collection beside the CPU alert, so that it says that it is memory',
      why: 'An alert about the CPU came with it, and the collector was what took it.',
    });
  return measures;
}
