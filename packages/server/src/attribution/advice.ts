/** Does a rollback help, and to which version: pure. */
import type { Attributed, Attribution } from './attribute.ts';

/** What to do about the guilty change. */
export interface Advice {
  /** Whether going back by one version ends the growth; null where that is not known. */
  rollbackHelps: boolean | null;
  /** The newest version that is known not to grow; null where none is. */
  toVersion: string | null;
  /** The guilty change is not of a version: it can be undone by itself. */
  undo: Attributed | null;
}

/** The advice that follows from what is known. */
export function adviceOf(attribution: Attribution): Advice {
  const { steps, cleanVersions, newestVersion } = attribution;
  const guilty = steps.filter(({ part }) => part === 'guilty').at(-1) ?? null;
  const undo =
    guilty?.step.comes === 'while it runs' || (guilty !== null && guilty.step.version === null) ? guilty : null;
  const clean = guilty?.without?.measured.label === 'still' && undo === null ? guilty.without.version : null;
  const toVersion = cleanVersions.find((version) => version !== '') ?? (clean === '' ? null : clean);
  if (attribution.present === null) return { rollbackHelps: null, toVersion: null, undo: null };
  if (guilty === null) {
    // It grew all along the way that is known.
    return { rollbackHelps: attribution.sinceEver === null ? null : false, toVersion, undo };
  }
  if (undo !== null)
    return { rollbackHelps: guilty.step.comes === 'while it runs' ? false : null, toVersion: null, undo };
  const isNewest = guilty.with?.version === newestVersion || guilty.step.version === newestVersion;
  return { rollbackHelps: isNewest, toVersion, undo };
}
