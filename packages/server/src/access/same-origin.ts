/**
 * Whether a request that changes something was made by a page of this server, and not by a page of somebody else that
 * uses the reader's cookie (cross-site request forgery).
 *
 * Browsers say so themselves: `Sec-Fetch-Site` since 2023, where the page came by https or from this machine; `Origin`
 * with every POST, for longer. No tokens in forms, nothing to store, and two servers agree. Go's `CrossOriginProtection`
 * does the same; unlike there, a request with neither header is refused: who uses a cookie is a browser.
 */
import type { IncomingHttpHeaders } from 'node:http';

/** `publicOrigin` is where the server is reached through a proxy, such as `https://ebb.example.com`. */
export function isSameOrigin(headers: IncomingHttpHeaders, publicOrigin: string | null): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  const { origin, host } = headers;
  if (origin === undefined) return false;
  if (publicOrigin !== null && origin === publicOrigin) return true;
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);
}

/** Methods that change nothing (RFC 9110, 9.2.1). */
export function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}
