import { InvalidArgumentError } from 'commander';

/**
 * A number by which a server knows something, or a count: 1 to 999,999,999.
 *
 * @throws {InvalidArgumentError} when the text is none
 */
export function wholeNumber(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError('It is a whole number from 1.');
  return Number(value);
}
