/** How work that takes long is watched and stopped. */
export interface QueryControl {
  /** Throws EBB_HEAP_ABORTED once the work was called off; cheap enough for every few thousand steps. */
  checkpoint: () => void;
  onProgress: (phase: string, file: string, fraction: number) => void;
}
