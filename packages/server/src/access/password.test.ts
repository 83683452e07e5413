import { expect, test } from 'vitest';
import { Passwords } from './password.ts';

const passwords = new Passwords();

test('a password is kept as salt and hash with the parameters beside, and only itself is right', async () => {
  const kept = await passwords.hash('correct horse battery');
  expect(kept).toMatch(/^scrypt:15:8:3:[\w-]{22}:[\w-]{43}$/);
  expect(await passwords.hash('correct horse battery')).not.toBe(kept);
  expect(await passwords.isRight('correct horse battery', kept)).toBe(true);
  expect(await passwords.isRight('correct horse batterz', kept)).toBe(false);
});

test('one that was hashed at another cost is still right', async () => {
  // N = 1024, r = 8, p = 16: a test vector of RFC 7914, cut to 32 bytes.
  const hash = Buffer.from('fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162', 'hex');
  const kept = `scrypt:10:8:16:${Buffer.from('NaCl').toString('base64url')}:${hash.toString('base64url')}`;
  expect(await passwords.isRight('password', kept)).toBe(true);
});

test('letters are the same whether they come composed or not', async () => {
  const kept = await passwords.hash('Käsekuchen zu zweit'.normalize('NFD'));
  expect(await passwords.isRight('Käsekuchen zu zweit'.normalize('NFC'), kept)).toBe(true);
});

test('for a user who does not exist the same work is done, and nothing is right', async () => {
  expect(await passwords.isRight('', null)).toBe(false);
});

test('too many at once are told to come back', async () => {
  const kept = await passwords.hash('correct horse battery');
  const all = await Promise.allSettled(Array.from({ length: 12 }, () => passwords.isRight('x', kept)));
  const refused = all.filter((one) => one.status === 'rejected');
  expect(refused).toHaveLength(4);
  expect(refused[0]?.reason).toMatchObject({ code: 'EBB_SERVER_BUSY' });
});
