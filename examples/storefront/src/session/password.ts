import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

type Scrypt = (password: string, salt: Buffer, bytes: number, options: { N: number }) => Promise<Buffer>;
const derive = promisify(scrypt) as Scrypt;
const hashBytes = 32;

/**
 * Hashes a password as `scrypt$cost$salt$hash`. The sample customers' cost is far below what a real
 * store should take (2^17), so that an example may log in many users a second.
 */
export async function hashPassword(password: string, cost: number): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, hashBytes, { N: cost });
  return ['scrypt', String(cost), salt.toString('base64'), hash.toString('base64')].join('$');
}

/** Whether the password is the one that was hashed; compares in constant time. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [scheme, cost, salt, hash] = stored.split('$');
  if (scheme !== 'scrypt' || cost === undefined || salt === undefined || hash === undefined) {
    return false;
  }
  const expected = Buffer.from(hash, 'base64');
  const actual = await derive(password, Buffer.from(salt, 'base64'), expected.length, {
    N: Number(cost),
  });
  return timingSafeEqual(actual, expected);
}
