/**
 * The value of `OTEL_RESOURCE_ATTRIBUTES`: `key=value` pairs between commas, both percent-decoded, as in the W3C Baggage
 * header without its properties (OpenTelemetry specification, Resource SDK). Where one pair cannot be decoded the
 * specification asks that the whole value be discarded; so it is.
 */

/** Beyond this, somebody has put something else than attributes there. */
const maxPairs = 128;
const maxLength = 1024;

/** The attributes, or null where the text is no such list. */
export function parsePairs(text: string | undefined): Map<string, string> | null {
  const pairs = new Map<string, string>();
  for (const part of (text ?? '').split(',')) {
    if (part.trim() === '') continue;
    const at = part.indexOf('=');
    if (at <= 0 || pairs.size >= maxPairs) return null;
    try {
      const key = decodeURIComponent(part.slice(0, at).trim());
      const value = decodeURIComponent(part.slice(at + 1).trim());
      if (key === '') return null;
      pairs.set(key, value.slice(0, maxLength));
    } catch {
      return null;
    }
  }
  return pairs;
}
