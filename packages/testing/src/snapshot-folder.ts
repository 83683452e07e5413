import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestError } from './errors/test-error.ts';

const PREFIX = 'ebb-test-';

/**
 * The folder for the snapshots of one test. They hold all that the workload holds, so it is the user's alone (0700) and
 * goes on every way out; folders of tests that were killed before they could tidy up go with the next test.
 */
export class SnapshotFolder {
  readonly path: string;

  /** @throws {TestError} EBB_TEST_NOT_STARTED when none can be made */
  constructor(parent: string = tmpdir()) {
    sweepAbandoned(parent);
    try {
      this.path = mkdtempSync(join(parent, `${PREFIX}${String(process.pid)}-`)); // mode 0700
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new TestError('EBB_TEST_NOT_STARTED', `no folder for snapshots could be made in '${parent}': ${why}`, {
        cause,
      });
    }
    process.on('exit', this.#remove);
  }

  /** Removes the folder with all that is in it. Repeatable. */
  remove(): void {
    process.off('exit', this.#remove);
    this.#remove();
  }

  readonly #remove = (): void => {
    rmSync(this.path, { recursive: true, force: true });
  };
}

function sweepAbandoned(parent: string): void {
  try {
    for (const name of readdirSync(parent)) {
      const pid = Number(new RegExp(`^${PREFIX}(\\d+)-`, 'u').exec(name)?.[1]);
      if (!Number.isInteger(pid) || isAlive(pid)) continue;
      const folder = join(parent, name);
      const stat = statSync(folder);
      if (stat.isDirectory() && stat.uid === process.getuid?.()) rmSync(folder, { recursive: true, force: true });
    }
  } catch {
    // Only tidying up: what cannot be read or removed stays.
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
