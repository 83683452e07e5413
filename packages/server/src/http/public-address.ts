/** Where the server is reached, as its readers see it. */
import type { FastifyRequest } from 'fastify';

/**
 * Whether the reader came by https: the server itself speaks HTTP, so a proxy did. A header that somebody else has made
 * up costs nobody but themselves a cookie.
 */
export function isSecure({ headers }: Pick<FastifyRequest, 'headers'>, publicUrl: URL | null): boolean {
  return publicUrl?.protocol === 'https:' || headers['x-forwarded-proto'] === 'https';
}

/** The address to give to others, without a slash at its end. */
export function addressOf(request: Pick<FastifyRequest, 'headers' | 'host'>, publicUrl: URL | null): string {
  if (publicUrl !== null) return publicUrl.href.replace(/\/$/, '');
  return `${isSecure(request, publicUrl) ? 'https' : 'http'}://${request.host}`;
}
