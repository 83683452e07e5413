export { MemoryJudge } from './judge.ts';
export type { MemoryJudgeOptions } from './judge.ts';
export type { Judgement, Trend, Verdict } from './judgement.ts';
export type { Floor, MemorySample, NativeMemory } from './sample.ts';
export type { NativeKind } from './verdict/native-kind.ts';
export { attributeToRoutes } from './routes/attribute.ts';
export type { RouteAttribution, RouteShare } from './routes/attribute.ts';
export type { Estimate } from './routes/regression.ts';
export { RouteTable } from './routes/route-table.ts';
export type { RouteRow, RouteSample, RouteTableOptions, RouteTableState } from './routes/route-table.ts';
export { AgeCurve, compareVersions } from './pooling/age-curve.ts';
export type { AgeBucket, AgeCurveState, AgedRow, VersionComparison } from './pooling/age-curve.ts';
export { SeenRises } from './pooling/seen-rises.ts';
export type { SeenRise, SeenRisesState } from './pooling/seen-rises.ts';
export { growingOnes, meanEvidence } from './pooling/evidence.ts';
export { FleetPool } from './pooling/fleet-pool.ts';
export type {
  FleetJudgement,
  FleetMember,
  FleetMemberState,
  FleetPoolOptions,
  FleetPoolState,
  FleetRow,
} from './pooling/fleet-pool.ts';
export { sharedGrowth } from './growth/shared-growth.ts';
export type { GrowthPoint, SharedGrowth } from './growth/shared-growth.ts';
