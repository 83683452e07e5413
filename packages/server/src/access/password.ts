/**
 * Passwords: what is kept of them, and whether one is right.
 *
 * scrypt (RFC 7914) with its parameters beside the hash, so that they can be raised later: `scrypt:15:8:3:SALT:HASH`, N as
 * a power of two, salt and hash in base64url. N = 2 ** 15, r = 8, p = 3 is OWASP's recommendation in the form that takes
 * the least memory: 32 MB while one is checked.
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { ServerError } from '../errors/server-error.ts';

interface Cost {
  /** N is two to the power of it. */
  log2N: number;
  r: number;
  p: number;
}

const usualCost: Cost = { log2N: 15, r: 8, p: 3 };
const hashBytes = 32;
const saltBytes = 16;
const mostMemoryBytes = 64 * 2 ** 20;
/** Checks that may wait; each takes some hundred milliseconds. */
const mostWaiting = 8;

/** The shortest password that is taken, in characters. */
export const shortestPassword = 12;
/** The longest: a longer one is no better, and has to be hashed all the same. */
export const longestPassword = 200;

/** Makes and checks hashes, one at a time: who logs in a hundred times at once gets 32 MB, not 3 GB. */
export class Passwords {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  /** What a name that nobody has is checked against: it takes as long as one that somebody has. */
  readonly #nobodys: string = keep(usualCost, randomBytes(saltBytes), randomBytes(hashBytes));

  /**
   * What is kept of a password.
   *
   * @throws {ServerError} EBB_SERVER_BUSY when too many wait
   */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(saltBytes);
    return keep(usualCost, salt, await this.#inTurn(() => derive(password, salt, usualCost)));
  }

  /**
   * Whether the password is the one that was hashed; for null, a user that does not exist, false after the same time.
   *
   * @throws {ServerError} EBB_SERVER_BUSY when too many wait
   */
  async isRight(password: string, kept: string | null): Promise<boolean> {
    const { cost, salt, hash } = parse(kept ?? this.#nobodys);
    const derived = await this.#inTurn(() => derive(password, salt, cost));
    return timingSafeEqual(derived, hash) && kept !== null;
  }

  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#waiting >= mostWaiting)
      throw new ServerError('EBB_SERVER_BUSY', `${this.#waiting} passwords wait to be checked`);
    this.#waiting += 1;
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      this.#waiting -= 1;
    }
  }
}

function derive(password: string, salt: Buffer, { log2N, r, p }: Cost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // The same letters may come composed or not, by keyboard.
    const text = password.normalize('NFKC');
    scrypt(text, salt, hashBytes, { N: 2 ** log2N, r, p, maxmem: mostMemoryBytes }, (error, hash) => {
      if (error === null) resolve(hash);
      else reject(error);
    });
  });
}

function keep({ log2N, r, p }: Cost, salt: Buffer, hash: Buffer): string {
  return ['scrypt', log2N, r, p, salt.toString('base64url'), hash.toString('base64url')].join(':');
}

function parse(kept: string): { cost: Cost; salt: Buffer; hash: Buffer } {
  const [name, log2N, r, p, salt = '', hash = ''] = kept.split(':');
  if (name !== 'scrypt') throw new Error('a password is kept in a way that is not known');
  return {
    cost: { log2N: Number(log2N), r: Number(r), p: Number(p) },
    salt: Buffer.from(salt, 'base64url'),
    hash: Buffer.from(hash, 'base64url'),
  };
}
