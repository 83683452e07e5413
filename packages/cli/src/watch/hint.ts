/** What can be said of a growth when no snapshot could be taken. */
import type { Frame } from '@ebb/heap';
import type { ReportedHint } from '../report/watch-report.ts';
import { locator, type CodePlace } from './allocated-at.ts';
import type { SeriesProfiles } from './profiles.ts';

/** So much is told: what grew less says little beside it. */
const MOST_SITES = 5;
const MOST_CLASSES = 5;
const LEAST_SHARE = 0.05;

/**
 * What grew between the profiles, by the place that allocates it, and by class where objects were counted.
 *
 * @param because why there is no snapshot
 */
export function hintOf(
  profiles: SeriesProfiles,
  because: { readonly code: string; readonly message: string } | null,
  code: CodePlace,
): ReportedHint | null {
  const { span } = profiles;
  if (span === null) return null;
  const locate = locator(code);
  const grown = profiles.grown();
  const [most] = grown;
  const telling = grown.filter(({ grownBytes }) => grownBytes >= LEAST_SHARE * (most?.grownBytes ?? 0));
  const requests =
    span.first.requests === null || span.last.requests === null ? null : span.last.requests - span.first.requests;
  return {
    because: because ?? { code: 'EBB_CLI_CAPTURE_FAILED', message: 'No snapshot could be taken.' },
    overMs: Math.round(span.last.takenAtMs - span.first.takenAtMs),
    requests,
    allocatedAt: telling.slice(0, MOST_SITES).map(({ stack, grownBytes, samples }) => ({
      stack: stack.map(locate).filter((frame): frame is Frame => frame !== null),
      grownBytes,
      samples,
      bytesPerRequest: requests === null || requests <= 0 ? null : grownBytes / requests,
    })),
    classes: profiles.grownClasses()?.slice(0, MOST_CLASSES) ?? null,
  };
}
