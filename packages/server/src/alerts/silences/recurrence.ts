/** When planned work takes place: starts by the clocks of a zone, once or by a rule of RFC 5545. */
/** From a time to a time, milliseconds since the epoch. */
export interface Span {
  fromMs: number;
  toMs: number;
}

/** What says when. */
export interface Schedule {
  startsLocal: string;
  zone: string;
  durationMs: number;
  /** RRULE without its name; null for once. */
  rule: string | null;
  untilMs: number;
}

/** Every quarter of an hour is no maintenance: a year of daily windows, three times a day. */
const mostSpans = 1100;
const localForm = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d$/;
const ruleForm =
  /^FREQ=(?:DAILY|WEEKLY|MONTHLY|YEARLY)(?:;(?:INTERVAL|COUNT|BYDAY|BYMONTH|BYMONTHDAY|BYHOUR|BYMINUTE|BYSETPOS|WKST)=[A-Z0-9,+-]+)*$/;

/**
 * All times of the schedule, oldest first. A start that the clocks skip is taken an hour later, one that they show twice
 * the first time; the duration is by the stopwatch.
 *
 * Takes some milliseconds for a year of days: what is asked often is remembered by the caller.
 *
 * @throws {RangeError} when the schedule makes no sense; the message says why
 */
export async function spansOf({ startsLocal, zone, durationMs, rule, untilMs }: Schedule): Promise<Span[]> {
  if (!localForm.test(startsLocal))
    throw new RangeError(`the start is a time like 2026-11-22T02:00, not '${startsLocal}'`);
  if (!isZone(zone)) throw new RangeError(`there is no time zone '${zone}': it is a name like Europe/Berlin`);
  if (rule !== null && !ruleForm.test(rule))
    throw new RangeError('the rule is one of RFC 5545 that begins with FREQ=DAILY, WEEKLY, MONTHLY or YEARLY');
  const start = `${startsLocal.replaceAll(/[-:]/g, '')}00`;
  const spans: Span[] = [];
  // Loaded here: the library brings a calendar along that most servers never need.
  const { RRuleTemporal } = await import('rrule-temporal');
  try {
    // Counted on clocks that are never changed, and only then looked up in the zone: the library leaves out times that
    // the zone's clocks skip, and a window must not be missed once a year.
    const rruleString = `DTSTART;TZID=UTC:${start}\nRRULE:${rule ?? 'FREQ=DAILY;COUNT=1'}`;
    new RRuleTemporal({ rruleString }).all((onClocks, i) => {
      const fromMs = onClocks.toPlainDateTime().toZonedDateTime(zone).epochMilliseconds;
      if (fromMs >= untilMs || i > mostSpans) return false;
      spans.push({ fromMs, toMs: fromMs + durationMs });
      return true;
    });
  } catch (error) {
    throw new RangeError(`the rule cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  if (spans.length > mostSpans) throw new RangeError(`the rule has more than ${mostSpans} times until its end`);
  if (spans.length === 0) throw new RangeError('the rule has no time before its end');
  return spans;
}

/** Whether there is such a zone in the IANA database. */
export function isZone(zone: string): boolean {
  // Offsets like +02:00 are taken by Intl, too, and know of no change of the clocks.
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
