import { featuresOfRelease, type Features } from '../release.ts';

/** A change as it came to be reviewed: what is taken out of today's sources gives what it was made on. */
export interface Change {
  /** Whether it brings a leak. */
  readonly leaks: boolean;
  readonly features: Features;
  /** What the change added: whole files, or a passage of a file and what stood there before. */
  readonly added: readonly (
    | { readonly file: string }
    | { readonly file: string; readonly from: string; readonly to: string; readonly before: string }
  )[];
}

const first = featuresOfRelease('1.0');

/** The changes that this shop's CI is asked about. */
export const changes: Readonly<Record<string, Change>> = {
  '1.0': { leaks: false, features: first, added: [] },
  '1.1': {
    leaks: true,
    features: featuresOfRelease('1.1'),
    added: [
      {
        file: 'session/session-store.ts',
        from: '  /**\n   * Gives the session a fresh id',
        to: '  /** Ends a session. */',
        before: '',
      },
      {
        file: 'session/login-routes.ts',
        from: "    if (sessionIds === 'rotated-at-login')",
        to: '    setSessionCookie(response, session);\n    if (request',
        before: '',
      },
    ],
  },
  // The statistics of 1.2 without the sessions of 1.1.
  '1.2 on 1.0': {
    leaks: false,
    features: { ...first, statistics: 'cube' },
    added: [{ file: 'orders/sales-cube.ts' }, { file: 'dashboard/sales-breakdown.ts' }],
  },
  '2.0': {
    leaks: true,
    features: featuresOfRelease('2.0'),
    added: [
      { file: 'dashboard/live-figures.ts' },
      { file: 'dashboard/figures-stream.ts' },
      {
        file: 'dashboard/dashboard-routes.ts',
        from: "  if (options.dashboard === 'live') {",
        to: "    router.get('/dashboard', requireLogin, async (request, response) => {\n      const figures",
        before: '  {\n',
      },
    ],
  },
};

/** The change that `CHANGE` names. */
export function changeOf(environment: NodeJS.ProcessEnv): Change {
  const name = environment['CHANGE'] ?? '1.0';
  const change = changes[name];
  if (change === undefined) {
    throw new Error(`CHANGE is "${name}", which does not exist. Choose one of ${Object.keys(changes).join(', ')}.`);
  }
  return change;
}
