/** A package as a lock file has it. */
export interface LockedPackage {
  /** Its name in the registry, also where it is installed under another. */
  readonly name: string;
  readonly version: string;
  /** Where: a path below the folder, or the lock file's own key. */
  readonly place: string;
  /** Whether only development needs it; null where the lock file does not say. */
  readonly isDev: boolean | null;
}
