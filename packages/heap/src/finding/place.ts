/** Where things stand: in source code, and on the way from a GC root to an object. Shapes of `ebb.findings/1`. */

/** A place in source code; lines and columns start at 1. */
export interface Location {
  /** The real path or URL of the script, mapped through its source map where there is one. */
  file: string;
  line: number;
  column: number;
  /** Relative to the repository, where the file is in it and not in an installed package. */
  repoPath?: string;
}

/** An object on the way from a GC root to what piles up. */
export interface Place {
  /** Its class. */
  type: string;
  /** What the program calls it: the variable or property that holds it, or its class. */
  name: string;
  /** The reference that leads to it from the place before; `[key]` where that is data. */
  edge: string;
  location: Location | null;
  /** Why it stands here: there from the start, the one that grows, or what piles up. */
  reason: string;
  /** V8's id of the object in the last snapshot, for queries about it. */
  nodeId?: number;
}
