/**
 * Reads an HTTP/1.1 answer (RFC 9112) out of the bytes that have come so far. An answer of a receiver of metrics is short:
 * it is read anew from its beginning each time that more of it has come, and what is longer than
 * {@link mostAnswerBytes} is not read to its end.
 */

/** What is looked at of an answer. */
export interface HttpAnswer {
  status: number;
  /** The header `Retry-After`, as it stands there. */
  retryAfter: string | undefined;
  /** As much of it as has come. */
  body: string;
  /** Whether the connection may be used for another request. */
  reusable: boolean;
}

/** So much of an answer is read, head and body together. */
export const mostAnswerBytes: number = 16 * 1024;

const headEnd = '\r\n\r\n';

/**
 * @param ended nothing more will come
 * @returns `'more'` where the answer is not whole yet, null where this is no HTTP or the head never ends
 */
export function readAnswer(bytes: Buffer, ended: boolean): HttpAnswer | 'more' | null {
  const isCut = ended || bytes.length > mostAnswerBytes;
  const end = bytes.indexOf(headEnd);
  if (end < 0) return isCut || !startsLikeHttp(bytes) ? null : 'more';
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const [, minor, digits] = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(first) ?? [];
  if (digits === undefined) return null;
  const status = Number(digits);
  const rest = bytes.subarray(end + headEnd.length);
  // What goes before the answer proper; `101` leads to another protocol, which was not asked for.
  if (status < 200) return status === 101 ? null : readAnswer(rest, isCut);
  const headers = new Map(lines.map(nameAndValue));
  const body = readBody(rest, status, headers);
  if (body === null) return null;
  if (!body.whole && !isCut) return 'more';
  const connection = headers.get('connection')?.toLowerCase();
  return {
    status,
    retryAfter: headers.get('retry-after'),
    body: body.bytes.toString(),
    reusable: body.whole && !ended && minor === '1' && connection !== 'close' && body.end === rest.length,
  };
}

function startsLikeHttp(bytes: Buffer): boolean {
  const start = 'HTTP/1.';
  return start.startsWith(bytes.toString('latin1', 0, start.length));
}

function nameAndValue(line: string): [name: string, value: string] {
  const colon = line.indexOf(':');
  return [line.slice(0, Math.max(0, colon)).toLowerCase(), line.slice(colon + 1).trim()];
}

interface Body {
  bytes: Buffer;
  whole: boolean;
  /** Where it ends in what has come, when it is whole. */
  end: number;
}

/** Null where the length makes no sense. */
function readBody(rest: Buffer, status: number, headers: ReadonlyMap<string, string>): Body | null {
  if (status === 204 || status === 304) return { bytes: Buffer.alloc(0), whole: true, end: 0 };
  if (headers.get('transfer-encoding')?.toLowerCase().endsWith('chunked') === true) return readChunks(rest);
  const length = headers.get('content-length');
  // Without a length it ends with the connection.
  if (length === undefined) return { bytes: rest, whole: false, end: rest.length };
  if (!/^\d{1,15}$/.test(length)) return null;
  const end = Number(length);
  return { bytes: rest.subarray(0, end), whole: rest.length >= end, end };
}

function readChunks(rest: Buffer): Body | null {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = rest.indexOf('\r\n', at);
    if (lineEnd < 0) break;
    const size = /^[\da-f]{1,8}(?=[ \t;]|$)/i.exec(rest.toString('latin1', at, lineEnd))?.[0];
    if (size === undefined) return null;
    const bytes = Number.parseInt(size, 16);
    at = lineEnd + 2;
    if (bytes === 0) {
      // Behind the last chunk there may be trailers, and an empty line.
      const isBare = rest[at] === 13 && rest[at + 1] === 10;
      const trailersEnd = isBare ? at - 2 : rest.indexOf(headEnd, at);
      if (trailersEnd < 0) break;
      return { bytes: Buffer.concat(parts), whole: true, end: trailersEnd + headEnd.length };
    }
    parts.push(rest.subarray(at, at + bytes));
    at += bytes + 2;
    if (at > rest.length) break;
  }
  return { bytes: Buffer.concat(parts), whole: false, end: rest.length };
}
