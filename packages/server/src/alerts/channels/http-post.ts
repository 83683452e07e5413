/** A POST to a receiver that may be down, slow, or answer anything for ever: bounded in time and in size. */
import { failed, oneLine, type Answer } from './answer.ts';

/** What is sent. */
export interface PostRequest {
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  /** Texts that must not be told, should the receiver quote them. */
  secrets: readonly string[];
  /** All of it: connecting, sending, and the head of the answer. */
  timeoutMs: number;
  now: () => number;
}

/** So much of an answer is read: enough to say what was wrong. */
const mostAnswerBytes = 4096;
/** Whoever has answered and does not end is not waited for longer. */
const slowestBodyMs = 2000;
/** A receiver that asks to be left alone for longer is asked again after so long. */
const longestRetryAfterMs = 3_600_000;
/** It is the body that these are about. */
const refusals: readonly number[] = [400, 413, 415, 422];

/** Sends a body of JSON, and tells what came back. Redirects are not followed: they would take the secrets elsewhere. */
export async function post({ url, headers, body, secrets, timeoutMs, now }: PostRequest): Promise<Answer> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeoutMs);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'ebb', ...headers },
      body,
      redirect: 'manual',
      signal: abort.signal,
    });
    const text = await beginning(response);
    const { status, ok } = response;
    const where = response.headers.has('location') ? ', a redirect, which is not followed' : '';
    return {
      ok,
      status,
      detail: oneLine(`status ${status}${where}${text === '' ? '' : `: ${text}`}`, secrets),
      retryAfterMs: ok ? null : retryAfter(response.headers.get('retry-after'), now()),
      isRefusal: refusals.includes(status),
    };
  } catch (error) {
    if (abort.signal.aborted) return failed(`no answer within ${timeoutMs / 1000} s`);
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    // Some have a code that is undefined.
    const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? `${cause.code}: ` : '';
    return failed(`${code}${cause instanceof Error ? cause.message : String(cause)}`, secrets);
  } finally {
    clearTimeout(timer);
    // Whatever is still open is closed: a body that never ends, too.
    abort.abort();
  }
}

/** The beginning of the body, as far as it came in time. The status counts, whatever becomes of the rest. */
async function beginning(response: Response): Promise<string> {
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader();
  if (reader === undefined) return '';
  const parts: Uint8Array[] = [];
  let size = 0;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), slowestBodyMs);
  });
  try {
    while (size < mostAnswerBytes) {
      const next = await Promise.race([reader.read(), late]);
      if (next === null || next.done) break;
      parts.push(next.value);
      size += next.value.length;
    }
  } catch {
    // Cut off: what came, came.
  } finally {
    clearTimeout(timer);
    reader.cancel().catch(() => undefined);
  }
  return Buffer.concat(parts).subarray(0, mostAnswerBytes).toString();
}

/** Seconds or a date. */
function retryAfter(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const ms = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isFinite(ms) && ms >= 0 ? Math.min(ms, longestRetryAfterMs) : null;
}
