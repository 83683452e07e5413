const unitsMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const form = /^(?:\d{1,6}[smhd])+$/;

/** Milliseconds of a duration as people write it: `90s`, `5m`, `1h30m`, `2d`; null when it is none. */
export function parseDuration(text: string): number | null {
  if (!form.test(text)) return null;
  let ms = 0;
  for (const [, count = '', unit = ''] of text.matchAll(/(\d+)([smhd])/g)) ms += Number(count) * (unitsMs[unit] ?? 0);
  return ms;
}

/** A duration as {@link parseDuration} reads it, in the largest units that say it exactly: `1h30m`. */
export function durationText(ms: number): string {
  let left = Math.round(ms / 1000) * 1000;
  let text = '';
  for (const unit of ['d', 'h', 'm', 's']) {
    const size = unitsMs[unit] ?? 1;
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) text += `${count}${unit}`;
  }
  return text === '' ? '0s' : text;
}
