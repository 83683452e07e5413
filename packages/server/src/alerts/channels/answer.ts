/** What became of an attempt to tell a receiver something. */
export interface Answer {
  ok: boolean;
  /** Of HTTP, or SMTP's code; null where there was no answer. */
  status: number | null;
  /** What the receiver said, or what went wrong: one line, without secrets. */
  detail: string;
  /** How long the receiver asks to be left alone; null where it does not say. */
  retryAfterMs: number | null;
  /** It is this message that the receiver does not take: the same again will not help. */
  isRefusal: boolean;
}

const longest = 300;

/** An answer of failure without any status. */
export function failed(detail: string, secrets: readonly string[] = []): Answer {
  return { ok: false, status: null, detail: oneLine(detail, secrets), retryAfterMs: null, isRefusal: false };
}

/** A receiver's words as one short line. It may quote what it was sent: secrets are taken out. */
export function oneLine(text: string, secrets: readonly string[]): string {
  let told = text;
  for (const secret of secrets) if (secret.length > 3) told = told.replaceAll(secret, '[secret]');
  told = told.replaceAll(/[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ').trim();
  return told.length > longest ? `${told.slice(0, longest)}…` : told;
}
