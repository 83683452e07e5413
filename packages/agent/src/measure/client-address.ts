/**
 * Where the address of a request's client stands: in the first entry of `x-forwarded-for`, which proxies set, or else at the
 * other end of the connection. Nothing is copied: the address is a piece of the text.
 */

const forwardedFor = 'x-forwarded-for';
const mapped = '::ffff:';
const longestAddress = 64;

/** What is looked at of a request: of Node.js's `IncomingMessage`, this. */
export interface AddressedRequest {
  /** Names and values by turns. */
  rawHeaders: readonly string[];
  socket: { remoteAddress?: string | undefined };
}

/** Calls `use` with the text and the piece of it that is the address; 0 where there is none. */
export function withClientAddress(
  request: AddressedRequest,
  use: (text: string, start: number, end: number) => number,
): number {
  const { rawHeaders } = request;
  // By the raw list: `headers` is put together when it is first asked for, which not every program does.
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i];
    if (name?.length !== forwardedFor.length || name.toLowerCase() !== forwardedFor) continue;
    const told = rawHeaders[i + 1] ?? '';
    const [start, end] = firstAddress(told);
    if (end > start) return use(told, start, end);
  }
  const address = request.socket.remoteAddress;
  if (address === undefined) return 0;
  return use(address, address.startsWith(mapped) ? mapped.length : 0, Math.min(address.length, longestAddress));
}

/** The first address of the list, without a port: `[2001:db8::1]:80, 10.0.0.1` is `2001:db8::1`. */
function firstAddress(told: string): [start: number, end: number] {
  const comma = told.indexOf(',');
  let end = Math.min(comma < 0 ? told.length : comma, longestAddress);
  let start = 0;
  while (start < end && told.charCodeAt(start) === SPACE) start += 1;
  while (end > start && told.charCodeAt(end - 1) === SPACE) end -= 1;
  if (told.charCodeAt(start) === BRACKET) {
    const closed = told.indexOf(']', start);
    return [start + 1, closed > start && closed < end ? closed : end];
  }
  const colon = told.indexOf(':', start);
  // One colon is a port's; an address of version 6 has two at least.
  if (colon > start && colon < end && told.lastIndexOf(':', end - 1) === colon) return [start, colon];
  return [told.startsWith(mapped, start) ? start + mapped.length : start, end];
}

const SPACE = 32;
const BRACKET = 91;
