/** Sessions of browsers: the secret, the cookie that carries it, and how long it is good for. */
import { createHash, randomBytes } from 'node:crypto';

/** A session ends when it was not used for so long. */
export const sessionIdleMs: number = 24 * 3_600_000;
/** A session ends after so long, used or not. */
export const sessionLongestMs: number = 7 * 24 * 3_600_000;

/** A new secret: 192 random bits, so that a plain hash hides it. */
export function makeSessionSecret(): string {
  return randomBytes(24).toString('base64url');
}

/** What is stored of a secret: SHA-256, hexadecimal. */
export function hashSessionSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** A name that browsers take from this very host by https only (RFC 6265bis, 4.1.3.2), where it is https. */
function cookieName(secure: boolean): string {
  return secure ? '__Host-ebb_session' : 'ebb_session';
}

/** The secret in a `cookie` header. */
export function sessionSecretOf(cookie: string | undefined, secure: boolean): string | undefined {
  for (const pair of cookie?.split(';') ?? []) {
    const [name, value] = pair.trim().split('=', 2);
    if (name === cookieName(secure)) return value;
  }
  return undefined;
}

/** A `set-cookie` header that brings the secret, or takes it away. No script can read it, and no other site sends it. */
export function sessionCookie(secret: string | null, secure: boolean): string {
  const age = secret === null ? 0 : sessionLongestMs / 1000;
  const value = `${cookieName(secure)}=${secret ?? ''}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Lax`;
  return secure ? `${value}; Secure` : value;
}
