import { runCommandLine } from './command-line.ts';
import { describeError } from './errors/describe.ts';

// A terminal or pipe that has gone away is no reason to leave a program behind: Ebb goes on without words.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

try {
  process.exitCode = await runCommandLine(process.argv.slice(2));
} catch (error) {
  const { text, exitCode } = describeError(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = exitCode;
}
