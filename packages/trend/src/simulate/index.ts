export { MB, simulate } from './process.ts';
export type { Program, Run } from './process.ts';
export { healthy, leaks, nativeLeaks } from './programs.ts';
export type { Draw } from './programs.ts';
export { seeded } from './random.ts';
export type { Random } from './random.ts';
