import type { RouteShare } from '@ebb/trend';

/** Routes that feed growth together, with the bytes a request of any of them and an interval of about 95 %. */
export interface ReportedRoutes {
  readonly routes: readonly string[];
  /** Every request, or time itself, would explain the growth as well; alone with time, it is bytes a second. */
  readonly anyRoute: boolean;
  readonly orTime: boolean;
  readonly bytesPerRequest: number;
  readonly interval: readonly [number, number];
  /** Of the growth, 0 to 1. */
  readonly share: number;
  readonly sure: boolean;
}

/** As JSON tells it. */
export function reportedRoutes(shares: readonly RouteShare[]): ReportedRoutes[] {
  return shares.map(({ routes, anyRoute, orTime, bytesPerRequest: { value, low, high }, share, sure }) => {
    return { routes, anyRoute, orTime, bytesPerRequest: value, interval: [low, high], share, sure };
  });
}
