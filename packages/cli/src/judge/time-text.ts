/** Seconds before this (1990) are no dates, but seconds since the series or the process began. */
const EARLIEST_DATE_S = 631_152_000;

/** `2026-11-21 10:00` in UTC, or, where the file's times are no dates, `1,440 s`. */
export function timeText(seconds: number): string {
  if (seconds < EARLIEST_DATE_S || seconds > 1e11) return `${Math.round(seconds).toLocaleString('en')} s`;
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ');
}
