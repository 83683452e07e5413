const STEPS = 50;

/** Passes on every fiftieth of a phase: who listens is told what moved, not every chunk that was read. */
export function inSteps(
  tell: (phase: string, file: string, fraction: number) => void,
): (phase: string, file: string, fraction: number) => void {
  let told = '';
  return (phase, file, fraction) => {
    const now = `${phase} ${file} ${Math.round(fraction * STEPS)}`;
    if (now !== told) tell(phase, file, fraction);
    told = now;
  };
}
