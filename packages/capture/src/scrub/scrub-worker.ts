// A program: scrubs from descriptor 3 into descriptor 4, for `scrubApart`. What goes wrong stands on standard error.
import { open } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { copyScrubbed } from './scrub-snapshot.ts';

try {
  setPriority(19);
  const source = await open('/proc/self/fd/3', 'r');
  const target = await open('/proc/self/fd/4', 'w');
  await copyScrubbed(source, target, 'the snapshot');
  await target.close();
  await source.close();
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
