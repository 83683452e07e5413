/** What admins do with users, each with its entry in the audit log. */
import { ServerError } from '../errors/server-error.ts';
import type { TokenStore } from '../store/tokens.ts';
import type { UserInfo, UserRole, UserStore } from '../store/users.ts';
import type { Caller } from './caller.ts';
import { longestPassword, shortestPassword, type Passwords } from './password.ts';

/** What it works with. */
export interface UserAdminOptions {
  users: UserStore;
  tokens: TokenStore;
  passwords: Passwords;
  now: () => number;
}

const nameForm = /^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,99}$/u;

/**
 * Adds a user.
 *
 * @throws {ServerError} EBB_SERVER_BAD_REQUEST for a name or password that is not taken, EBB_SERVER_EXISTS
 */
export async function addUser(
  actor: Caller,
  { name, role, password }: { name: string; role: UserRole; password: string },
  { users, tokens, passwords, now }: UserAdminOptions,
): Promise<UserInfo> {
  if (!nameForm.test(name))
    throw new ServerError('EBB_SERVER_BAD_REQUEST', 'a name has up to 100 letters, digits and . _ @ + -');
  checkPassword(password);
  const user = await users.add({ name, role, password: await passwords.hash(password), nowMs: now() });
  await tokens.audit(actor.name, 'user.add', `${role} '${user.name}' (${user.id})`, now());
  return user;
}

/**
 * Gives a user another password, and ends the user's sessions.
 *
 * @throws {ServerError} EBB_SERVER_BAD_REQUEST, EBB_SERVER_NOT_FOUND
 */
export async function changePassword(
  actor: Caller,
  id: number,
  password: string,
  { users, tokens, passwords, now }: UserAdminOptions,
): Promise<void> {
  checkPassword(password);
  const name = await users.setPassword(id, await passwords.hash(password));
  if (name === undefined) throw new ServerError('EBB_SERVER_NOT_FOUND', `there is no user ${id}`);
  await tokens.audit(actor.name, 'user.password', `'${name}' (${id})`, now());
}

/**
 * Removes a user with all sessions.
 *
 * @throws {ServerError} EBB_SERVER_NOT_FOUND; EBB_SERVER_BAD_REQUEST for oneself: somebody has to be left
 */
export async function removeUser(actor: Caller, id: number, { users, tokens, now }: UserAdminOptions): Promise<void> {
  if (actor.userId === id) throw new ServerError('EBB_SERVER_BAD_REQUEST', 'nobody removes themselves');
  const name = await users.remove(id);
  if (name === undefined) throw new ServerError('EBB_SERVER_NOT_FOUND', `there is no user ${id}`);
  await tokens.audit(actor.name, 'user.remove', `'${name}' (${id})`, now());
}

function checkPassword(password: string): void {
  if (password.length < shortestPassword || password.length > longestPassword)
    throw new ServerError(
      'EBB_SERVER_BAD_REQUEST',
      `a password has ${shortestPassword} to ${longestPassword} characters`,
    );
}
