import { join } from 'node:path';
import { analyzeSnapshots, type Finding, type FindingsReport, type Location } from '@ebb/heap';
import { TestError } from '../errors/test-error.ts';
import { ownWork } from '../measure/own-work.ts';
import { SnapshotFolder } from '../snapshot-folder.ts';
import type { Leftover } from './leftover.ts';

const NAME = 'the state of modules';
/** A variable that is set, and what is made once when it is first needed, is no pile. */
const A_DOZEN = 12;
/** A test file's own state ends with it, and that of its helpers is the tests' too. */
const OF_TESTS = /(?:^|[\\/._-])(?:tests?|specs?|__tests__|__mocks__)[\\/.]/u;

/**
 * Finds what modules keep of what happened meanwhile: collections, listeners and the like that a module of the project
 * itself leads to, and that have a dozen objects more at the end. By two heap snapshots of this thread, so it costs a
 * second or two.
 */
export class ModuleStateWatch {
  readonly #cwd: string;
  readonly #folder: SnapshotFolder = new SnapshotFolder();
  readonly #work: ReturnType<typeof ownWork>;

  /** @throws {TestError} EBB_TEST_NO_SNAPSHOT */
  constructor(cwd: string = process.cwd()) {
    this.#cwd = cwd;
    this.#work = ownWork(() => undefined, { name: NAME, folder: this.#folder.path });
    try {
      this.#snapshot(1);
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  /**
   * What the modules hold more than at the beginning; ends the watch.
   *
   * @throws {TestError} EBB_TEST_NO_SNAPSHOT, EBB_TEST_ANALYSIS_FAILED
   */
  async left(): Promise<Omit<Leftover, 'count'>[]> {
    try {
      this.#snapshot(2);
      const { findings } = await this.#compare();
      return findings.filter((finding) => isOfModule(finding)).map(leftoverOf);
    } finally {
      this.stop();
    }
  }

  /** Removes the snapshots. */
  stop(): void {
    this.#folder.remove();
  }

  #file(at: number): string {
    return join(this.#folder.path, `${String(at)}.heapsnapshot`);
  }

  #snapshot(at: number): void {
    this.#work.snapshot(this.#file(at));
  }

  async #compare(): Promise<FindingsReport> {
    const sourceMaps = this.#work.sourceMaps?.();
    const maps = sourceMaps === undefined ? {} : { sourceMaps };
    try {
      return await analyzeSnapshots([this.#file(1), this.#file(2)], { cwd: this.#cwd, ...maps });
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new TestError('EBB_TEST_ANALYSIS_FAILED', `the snapshots of ${NAME} could not be analysed: ${why}`, {
        cause,
      });
    }
  }
}

/** The way to what is kept begins in a module, or in the scope that a test runner gave it. */
function isOfModule({ path, verdict, package: installed, growthCount = 0 }: Finding): boolean {
  const [root] = path;
  const { repoPath = '' } = root?.location ?? {};
  if (root === undefined || verdict === 'bounded' || installed !== undefined || growthCount < A_DOZEN) return false;
  // What Node.js loads when it is first asked for is Node's, also where a module's import leads to it.
  if (path.some(({ type, location }) => type === 'scope' && location?.file.startsWith('node:') === true)) return false;
  return (root.type === 'module' || root.type === 'scope') && repoPath !== '' && !OF_TESTS.test(repoPath);
}

function leftoverOf({ subject, growthCount = 0, insertedAt, holder, path }: Finding): Omit<Leftover, 'count'> {
  const place = insertedAt ?? holder.location ?? path[0]?.location ?? null;
  return { kind: 'state', what: `${subject}, ${String(growthCount)} more than before`, at: place && told(place) };
}

const told = ({ file, line, column }: Location): string => `${file}:${String(line)}:${String(column)}`;
