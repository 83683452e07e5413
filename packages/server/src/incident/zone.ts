/** A moment in UTC, with people's zones beside it. */

/** A zone of the IANA database as this program knows it, by its usual spelling; null for none. */
export function zoneOf(name: string): string | null {
  // Offsets are zones to newer engines, and none that changes its clocks.
  if (!/^[A-Za-z]/.test(name) || name.length > 60) return null;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
}

/** English has a short name for a zone where its people speak it: `PST` in America, `CET` in Britain, `EAT` in Africa. */
const speakers = ['en-US', 'en-GB', 'en-ZA', 'en-AU', 'en-IN'];
const isUtc = /^(?:Etc\/)?(?:UTC|GMT|UCT|Universal|Zulu)$/;

/** Tells moments in UTC and beside it in the zones of those who read: the team's, the reader's. */
export class Clock {
  /** The zones beside UTC, each once. */
  readonly zones: readonly string[];
  readonly #formats: readonly (readonly Intl.DateTimeFormat[])[];

  constructor(zones: readonly (string | null)[]) {
    this.zones = [...new Set(zones.flatMap((zone) => (zone === null || isUtc.test(zone) ? [] : [zone])))];
    this.#formats = this.zones.map((timeZone) =>
      speakers.map(
        (speaker) =>
          new Intl.DateTimeFormat(speaker, {
            ...{ timeZone, timeZoneName: 'short', year: 'numeric', month: '2-digit', day: '2-digit' },
            ...{ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
          }),
      ),
    );
  }

  /** `14:30 UTC (17:30 EAT)`, or with the date before it. */
  time(timeMs: number, withDate = false): string {
    const beside = this.beside(timeMs);
    const text = new Date(timeMs).toISOString();
    const utc = `${withDate ? `${text.slice(0, 10)} ` : ''}${text.slice(11, 16)} UTC`;
    return beside.length === 0 ? utc : `${utc} (${beside.join(', ')})`;
  }

  /** The moment in the zones: `17:30 EAT`; with its date where it is another day there than in UTC. */
  beside(timeMs: number): string[] {
    const utcDate = new Date(timeMs).toISOString().slice(0, 10);
    return this.#formats.map((formats) => {
      const { date, time, name } = localTime(timeMs, formats);
      return `${date === utcDate ? '' : `${date} `}${time} ${name}`;
    });
  }
}

function localTime(
  timeMs: number,
  formats: readonly Intl.DateTimeFormat[],
): { date: string; time: string; name: string } {
  const parts = formats.map((format) => {
    const told = format.formatToParts(timeMs).map(({ type, value }) => [type, value] as const);
    return new Map(told);
  });
  const of = (type: Intl.DateTimeFormatPartTypes): string => parts[0]?.get(type) ?? '';
  const name = parts.map((part) => part.get('timeZoneName') ?? '').find((one) => /^[A-Z]{2,5}$/.test(one));
  return {
    date: `${of('year')}-${of('month')}-${of('day')}`,
    time: `${of('hour')}:${of('minute')}`,
    name: name ?? of('timeZoneName'),
  };
}
