import { InvalidArgumentError } from 'commander';

/** @throws {InvalidArgumentError} when the value of `--pid` is no number of a process */
export function processId(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError('It is the number of a process.');
  return Number(value);
}
