// Runs `npm start` and puts what it printed into the README, between its markers. Takes as long as the demonstration.
//
//   node scripts/record-transcript.mjs

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { cleanOutput, placeTranscript } from './transcript.mjs';

const repository = fileURLToPath(new URL('..', import.meta.url));
const readme = fileURLToPath(new URL('../README.md', import.meta.url));
const command = 'npm start';

// Both streams into one pipe, so that their lines stand in the order in which they came.
const run = spawnSync('sh', ['-c', `exec ${command} 2>&1`], {
  cwd: repository,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
  env: { ...process.env, NO_COLOR: '1' },
  timeout: 600_000,
  maxBuffer: 64 * 1024 * 1024,
});
if (run.error) throw run.error;
if (run.status === 0) {
  const text = cleanOutput(run.stdout, { repository, temporary: tmpdir() });
  writeFileSync(readme, placeTranscript(readFileSync(readme, 'utf8'), command, text));
  console.log(`README.md has the transcript of \`${command}\`: ${text.split('\n').length} lines`);
} else {
  console.error(run.stdout);
  console.error(`\`${command}\` ended with ${run.signal ?? `exit code ${run.status}`}: the README stays as it was.`);
  process.exitCode = 1;
}
