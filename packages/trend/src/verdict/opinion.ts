import { NATIVE_TOLD, NEWS, NEWS_TOLD, type Known } from '../judge-state.ts';
import type { Judgement, Verdict } from '../judgement.ts';
import { decide, type Decision } from './decide.ts';
import { heapShareOf, widen } from './figures.ts';
import { trendOf } from './limits.ts';
import { nativeKind } from './native-kind.ts';
import { settlesAt, wouldChange } from './outlook.ts';
import type { Shape } from './shape.ts';
import { limitsOf, nativeAbout, subjectOf, type Subject } from './subject.ts';
import { tell } from './tell.ts';
import { span } from './words.ts';

const SUBJECTS: Readonly<Record<Subject['kind'], string>> = {
  floor: 'the floor after each collection',
  envelope: 'the lower envelope of the memory in use',
  rss: 'RSS',
};
const ONLY_RSS =
  'judged by RSS alone, which holds garbage, caches and what the allocator keeps: less sure than by the floor after collections';

/** What is to be thought of the process now: whether it leaks, as that was last decided, and all else as it is known now. */
export function opinionOf(known: Known): Judgement {
  const subject = subjectOf(known);
  const { kind } = subject;
  let decision = decide(subject.track, subject.about);
  let verdict: Verdict = decision.verdict;
  let name = SUBJECTS[kind];
  if (verdict !== 'leak' && kind !== 'rss') {
    const native = nativeOf(known);
    if (native?.verdict === 'leak') {
      decision = native;
      verdict = 'native';
      name = 'the memory outside heap and buffers (RSS beyond them)';
    } else if (native?.suspicious === true && !decision.suspicious) decision = { ...decision, suspicious: true };
  }
  const { shape, life } = decision;
  const heapShare = verdict === 'native' || kind === 'rss' ? 0 : kind === 'envelope' ? 1 : heapShareOf(decision);
  const trend = trendOf(
    widen(verdict === 'bounded' ? life.late : shape.line, kind === 'envelope' ? 2 : 1),
    shape.perRequest,
    limitsOf(known, kind),
    heapShare,
  );
  const native = verdict === 'native' ? partsOf(known, shape) : null;
  const evidence = tell(verdict, decision, trend, name);
  if (native?.sentence != null) evidence.splice(1, 0, native.sentence);
  evidence.push(...howSure(known, subject, verdict));
  return {
    verdict,
    suspicious: decision.suspicious || verdict === 'leak' || verdict === 'native',
    trend,
    evidence,
    settlesAtBytes: settlesAt(verdict, decision),
    nativeKind: native?.kind ?? null,
    wouldChange: wouldChange(verdict, decision),
  };
}

/** Null while nothing grows there. */
function nativeOf(known: Known): Decision | null {
  const { native, scalars } = known;
  const about = nativeAbout(known, scalars[NATIVE_TOLD] === 1);
  if (!about.isTold && native.growth.strongest().proof < about.thresholds.suspect) return null;
  return decide(native, about);
}

/** What native growth consists of, over the time in which it is seen. */
function partsOf({ parts }: Known, shape: Shape): ReturnType<typeof nativeKind> {
  const { points, line } = shape;
  const risen = parts.riseSince(points.timeS[0]);
  const spanS = risen === null ? shape.spanS : points.timeS[points.count - 1] - risen.sinceS;
  return nativeKind(line.slope * spanS, risen?.parts ?? null);
}

/** What the judgement rests on, where that is less than it might be. */
function howSure({ scalars }: Known, { kind, floorAgeS }: Subject, verdict: Verdict): string[] {
  const told: string[] = [];
  if (kind === 'rss') told.push(ONLY_RSS);
  else if (kind === 'envelope' && verdict !== 'native') {
    const since = Number.isFinite(floorAgeS)
      ? `no full collection for ${span(floorAgeS)}`
      : 'no full collection was seen yet';
    told.push(`${since}: judged by the memory in use, garbage included`);
  }
  const news = NEWS_TOLD[scalars[NEWS]];
  if (news !== undefined) told.push(news);
  return told;
}
