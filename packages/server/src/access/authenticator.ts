import { ServerError } from '../errors/server-error.ts';
import type { TokenInfo, TokenStore } from '../store/tokens.ts';

/** A token that was revoked elsewhere is taken for so long; one that expires is refused at once. */
const remembersMs = 5000;
const mostRemembered = 1000;

/** Says who a token belongs to, without asking the database for each request. */
export class Authenticator {
  readonly #tokens: TokenStore;
  readonly #now: () => number;
  readonly #remembered = new Map<string, { info: TokenInfo; untilMs: number }>();

  constructor(tokens: TokenStore, now: () => number) {
    this.#tokens = tokens;
    this.#now = now;
  }

  /**
   * Whose token it is.
   *
   * @throws {ServerError} EBB_SERVER_UNAUTHORIZED without a token that is valid
   */
  async identify(token: string | undefined): Promise<TokenInfo> {
    const info = token === undefined ? undefined : await this.#find(token);
    if (info === undefined) {
      const what = token === undefined ? 'no token was sent' : 'the token is unknown, expired or revoked';
      throw new ServerError('EBB_SERVER_UNAUTHORIZED', what);
    }
    return info;
  }

  /** Forgets what is remembered: a token was revoked. */
  forget(): void {
    this.#remembered.clear();
  }

  async #find(token: string): Promise<TokenInfo | undefined> {
    const nowMs = this.#now();
    const remembered = this.#remembered.get(token);
    if (remembered !== undefined && nowMs < remembered.untilMs) {
      const { expiresMs } = remembered.info;
      return expiresMs !== null && expiresMs <= nowMs ? undefined : remembered.info;
    }
    // Only what exists is remembered: guesses cost no memory.
    const info = await this.#tokens.find(token, nowMs);
    this.#remembered.delete(token);
    if (info !== undefined) {
      if (this.#remembered.size >= mostRemembered) this.#remembered.clear();
      this.#remembered.set(token, { info, untilMs: nowMs + remembersMs });
    }
    return info;
  }
}

/** The token in an `authorization` header: `Bearer TOKEN`, or the password of `Basic`, which Prometheus can send. */
export function tokenOf(authorization: string | undefined): string | undefined {
  const [, scheme = '', value = ''] = /^(\w+)\s+(\S+)\s*$/.exec(authorization ?? '') ?? [];
  if (/^bearer$/i.test(scheme)) return value;
  if (!/^basic$/i.test(scheme)) return undefined;
  const plain = Buffer.from(value, 'base64').toString();
  return plain.includes(':') ? plain.slice(plain.indexOf(':') + 1) : undefined;
}
