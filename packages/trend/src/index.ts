export { MemoryJudge } from './judge.ts';
export type { MemoryJudgeOptions } from './judge.ts';
export type { Judgement, Trend, Verdict } from './judgement.ts';
export type { Floor, MemorySample } from './sample.ts';
