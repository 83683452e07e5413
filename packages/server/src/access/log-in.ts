/** Logging in: with name and password, or with a token. Each attempt stands in the audit log. */
import { ServerError } from '../errors/server-error.ts';
import type { SessionStore } from '../store/sessions.ts';
import type { TokenStore } from '../store/tokens.ts';
import type { UserStore } from '../store/users.ts';
import { longestPassword, type Passwords } from './password.ts';
import type { Refusals } from './refusals.ts';

/** What a visitor gives: a name and a password, or a token. */
export type Credentials = { name: string; password: string } | { token: string };

/** What logging in works with. */
export interface LogInOptions {
  users: UserStore;
  tokens: TokenStore;
  sessions: SessionStore;
  passwords: Passwords;
  refusals: Refusals;
  now: () => number;
}

/**
 * Checks the credentials and begins a session. Resolves with its secret. Whether the name or the password was wrong, and
 * how long it took, says nothing about which names exist.
 *
 * @throws {ServerError} EBB_SERVER_LOG_IN when they are wrong, EBB_SERVER_FORBIDDEN for a token of an agent, EBB_SERVER_BUSY
 */
export async function logIn(credentials: Credentials, address: string, options: LogInOptions): Promise<string> {
  const { tokens, sessions, now } = options;
  const who =
    'token' in credentials
      ? await byToken(credentials, address, options)
      : await byPassword(credentials, address, options);
  const secret = await sessions.begin(who, now());
  await tokens.audit(who.name, 'session.begin', `from ${address}`, now());
  return secret;
}

type Who = { name: string } & ({ userId: number } | { tokenId: number });

async function byPassword(
  { name, password }: { name: string; password: string },
  address: string,
  { users, passwords, refusals }: LogInOptions,
): Promise<Who> {
  const user = await users.find(name);
  const right = await passwords.isRight(password.slice(0, longestPassword + 1), user?.password ?? null);
  if (user !== undefined && right) return { name: user.name, userId: user.id };
  // A name that nobody has may be a password in the wrong field: it is not written down.
  await refusals.note(user?.name ?? 'unknown name', `log-in with a wrong password, from ${address}`);
  throw new ServerError('EBB_SERVER_LOG_IN', 'the name or the password is wrong');
}

async function byToken(
  { token }: { token: string },
  address: string,
  { tokens, refusals, now }: LogInOptions,
): Promise<Who> {
  const info = await tokens.find(token, now());
  if (info === undefined) {
    await refusals.note('unknown token', `log-in with a wrong token, from ${address}`);
    throw new ServerError('EBB_SERVER_LOG_IN', 'the token is unknown, expired or revoked');
  }
  if (info.role === 'agent') {
    await refusals.note(info.name, `log-in with the token of an agent, from ${address}`);
    throw new ServerError('EBB_SERVER_FORBIDDEN', 'a token for agents sends telemetry, and logs nobody in');
  }
  return { name: info.name, tokenId: info.id };
}
