/** The releases of the storefront that can be run, oldest first. */
export const releases = ['1.0', '1.1', '1.2', '1.3', '2.0'] as const;

/** One release of the storefront, as `RELEASE` names it. */
export type Release = (typeof releases)[number];

/** What a release does differently from the others; everything else is the same code. */
export interface Features {
  /**
   * A session gets a fresh id when its visitor logs in (session fixation): `rotated-at-login` leaves the old one in the
   * store, `replaced-at-login` takes it away.
   */
  readonly sessionIds: 'kept' | 'rotated-at-login' | 'replaced-at-login';
  /** `cube`: sales are also counted by day, hour, region and category, and recent answers are kept. */
  readonly statistics: 'daily' | 'cube';
  /** `live`: the dashboard's figures follow the orders instead of being read once. */
  readonly dashboard: 'on-request' | 'live';
}

const featuresOf: Record<Release, Features> = {
  '1.0': { sessionIds: 'kept', statistics: 'daily', dashboard: 'on-request' },
  '1.1': { sessionIds: 'rotated-at-login', statistics: 'daily', dashboard: 'on-request' },
  '1.2': { sessionIds: 'rotated-at-login', statistics: 'cube', dashboard: 'on-request' },
  '1.3': { sessionIds: 'replaced-at-login', statistics: 'cube', dashboard: 'on-request' },
  '2.0': { sessionIds: 'kept', statistics: 'daily', dashboard: 'live' },
};

/** The features of a release. */
export function featuresOfRelease(release: Release): Features {
  return featuresOf[release];
}

/** Whether `value` names a release that exists. */
export function isRelease(value: string): value is Release {
  return (releases as readonly string[]).includes(value);
}
