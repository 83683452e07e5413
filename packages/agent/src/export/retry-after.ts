/**
 * How long a `Retry-After` header (RFC 9110, 10.2.3) asks to wait, in milliseconds; undefined where it is missing, in
 * the past, or no such value. It holds seconds, or a date.
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim() ?? '';
  const delayMs = /^\d{1,9}$/.test(text) ? Number(text) * 1e3 : Date.parse(text) - nowMs;
  return Number.isFinite(delayMs) && delayMs > 0 ? delayMs : undefined;
}
