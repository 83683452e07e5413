import type { Trend, Verdict } from '../judgement.ts';
import type { Decision } from './decide.ts';
import { megabytes, pacePer, span } from './words.ts';

/** What stands behind a decision, in sentences that a person can read at night. */
export function tell(verdict: Verdict, decision: Decision, trend: Trend, subject: string): string[] {
  const { shape, life, proof, reason } = decision;
  if (reason === 'young') {
    return [`only ${shape.points.count} values of ${subject} since the warm-up: too few to judge`];
  }
  const sentences: string[] = [];
  const told = verdict === 'bounded' || verdict === 'clean' ? life : shape;
  if (verdict === 'clean') {
    const low = Math.min(...told.points.bytes.subarray(0, told.points.count));
    const high = Math.max(...told.points.bytes.subarray(0, told.points.count));
    return [
      `${subject} stayed between ${megabytes(low)} and ${megabytes(high)} for ${span(told.spanS)}, and does not grow`,
    ];
  }
  const rose = told.toBytes >= told.fromBytes ? 'rose' : 'fell';
  sentences.push(
    `${subject} ${rose} from ${megabytes(told.fromBytes)} to ${megabytes(told.toBytes)} in ${span(told.spanS)}, in ${told.stepsUp} of ${told.steps} steps`,
  );
  if (verdict === 'bounded') {
    sentences.push(`it has levelled off: ${pacePer(trend.bytesPerSecond)} lately, at about ${megabytes(told.toBytes)}`);
    return sentences;
  }
  const [low, high] = trend.interval;
  const known = Number.isFinite(low) && Number.isFinite(high);
  sentences.push(
    `it grows by ${pacePer(trend.bytesPerSecond)}` + (known ? ` (${pacePer(low)} to ${pacePer(high)})` : ''),
  );
  if (trend.bytesPerRequest !== null && trend.bytesPerRequest > 0) {
    sentences.push(`that is ${megabytes(trend.bytesPerRequest)} a request`);
  }
  if (reason === 'slows')
    sentences.push(`it slows down: the second half grew at ${percent(shape.pace)} of the pace of the first`);
  else if (reason === 'traffic') {
    sentences.push(
      `the traffic grew as well, by ${percent((shape.rateGrowth ?? 1) - 1)}: growth a request is not proven`,
    );
  } else if (reason === 'proof' || reason === 'patience') sentences.push('it has not grown for long enough to be sure');
  else {
    const odds = Math.exp(Math.min(27, Math.max(proof.proof, 0)));
    if (odds > 20)
      sentences.push(
        `without a leak, one series in ${Math.floor(odds).toLocaleString('en-US')} would ever look like this`,
      );
  }
  if (trend.secondsToLimit !== null && trend.secondsToLimitInterval !== null) {
    const [soon, far] = trend.secondsToLimitInterval;
    sentences.push(
      `the limit of ${megabytes(trend.limitBytes)} is ${span(trend.secondsToLimit)} away (${span(soon)} to ${span(far)})`,
    );
  }
  return sentences;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
