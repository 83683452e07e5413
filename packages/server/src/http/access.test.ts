// Every route that there is, asked by everybody: who may do what is not left to the routes' own tests.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Role } from '../access/token.ts';
import { allRoutes, type Route } from '../fixtures/all-routes.ts';
import { startTestServer, type TestServer } from '../fixtures/test-server.ts';

const limits = { bodyBytes: 20_000, requestsPerMinute: 1e6, refusalsPerMinute: 1e6, mostFollowers: 10 };
const routes = await allRoutes();
const api = routes.filter(({ isPage }) => !isPage);
const pages = routes.filter(({ isPage }) => isPage);

/** Where something else holds than: to read, one is a viewer; to change something, a responder. */
const exceptions: Readonly<Record<string, Role | 'nobody in particular' | 'who signs'>> = {
  'GET /api/v1/health': 'nobody in particular',
  'POST /api/v1/session': 'nobody in particular',
  'DELETE /api/v1/session': 'viewer',
  'POST /v1/metrics': 'agent',
  'POST /api/v1/write': 'agent',
  'POST /api/v1/alertmanager': 'agent',
  'POST /api/v1/changes': 'agent',
  'POST /v2/change/enqueue': 'agent',
  'POST /api/v1/findings': 'agent',
  'POST /api/v1/github': 'who signs',
  'POST /api/v1/pagerduty': 'who signs',
  // Nothing is done.
  'POST /api/v1/actions/plan': 'viewer',
  'POST /api/v1/receivers/:name/test': 'admin',
  'GET /api/v1/tokens': 'admin',
  'POST /api/v1/tokens': 'admin',
  'DELETE /api/v1/tokens/:id': 'admin',
  'GET /api/v1/audit': 'admin',
  'GET /api/v1/users': 'admin',
  'POST /api/v1/users': 'admin',
  'PUT /api/v1/users/:id/password': 'admin',
  'DELETE /api/v1/users/:id': 'admin',
};
const roles: readonly Role[] = ['agent', 'viewer', 'responder', 'admin'];
const mayToo: Readonly<Record<Role, readonly Role[]>> = {
  agent: ['agent', 'admin'],
  viewer: ['viewer', 'responder', 'admin'],
  responder: ['responder', 'admin'],
  admin: ['admin'],
};

let server: TestServer;
const tokens: Partial<Record<Role, string>> = {};
/** Of the browser in which an admin has logged in. */
let cookie: string;
beforeAll(async () => {
  const environment = { EBB_GITHUB_WEBHOOK_SECRET: 'one', EBB_PAGERDUTY_WEBHOOK_SECRET: 'two' };
  server = await startTestServer({ limits, environment });
  for (const role of roles) tokens[role] = await server.tokenOf(role);
  const { headers } = await server.send('POST', '/api/v1/session', { body: { token: tokens.admin }, token: '' });
  cookie = headers.get('set-cookie')?.split(';')[0] ?? '';
});
afterAll(async () => await server.remove());

/** Nothing has these ids and names, so that nothing is done. */
const pathOf = ({ url }: Pick<Route, 'url'>): string =>
  url
    .replace(/:\w*[iI]d\b/g, '999999')
    .replace(':role', 'scribe')
    .replace(/:\w+/g, 'x');

async function ask(
  route: Pick<Route, 'method' | 'url'>,
  headers: Record<string, string>,
  body = '{}',
): Promise<{ status: number; text: string; location: string | null }> {
  const response = await fetch(server.url + pathOf(route), {
    method: route.method,
    redirect: 'manual',
    headers: { ...(route.method === 'GET' ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(route.method === 'GET' ? {} : { body }),
  });
  // Whatever is answered, and to whom.
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(response.headers.get('content-security-policy')).toContain('default-src');
  expect(response.headers.get('x-frame-options')).toBe('SAMEORIGIN');
  // One that is followed never ends.
  const isStream = response.headers.get('content-type')?.includes('event-stream') ?? false;
  if (isStream) await response.body?.cancel();
  return {
    status: response.status,
    text: isStream ? '' : await response.text(),
    location: response.headers.get('location'),
  };
}

const bearer = (role: Role): Record<string, string> => ({ authorization: `Bearer ${tokens[role]}` });
const nameOf = ({ method, url }: Route): string => `${method} ${url}`;
const neededFor = (route: Route): (typeof exceptions)[string] =>
  exceptions[nameOf(route)] ?? (route.method === 'GET' ? 'viewer' : 'responder');

test('each exception is about a route that exists', () => {
  expect(api.length).toBeGreaterThan(60);
  expect(Object.keys(exceptions).filter((name) => !api.some((route) => nameOf(route) === name))).toEqual([]);
});

test('the document of the API says what needs a token, and what does not', async () => {
  const { json } = await server.send('GET', '/api/v1/openapi.json');
  const { paths } = json as { paths: Record<string, Record<string, { security?: object[] }>> };
  const needsToken = (route: Route): boolean =>
    (paths[route.url.replace(/:(\w+)/g, '{$1}')]?.[route.method.toLowerCase()]?.security ?? []).length > 0;
  const open = ['nobody in particular', 'who signs'];
  const told = api.filter((route) => needsToken(route) === open.includes(neededFor(route)));
  // To log out takes a session, which is no token.
  expect(told.map(nameOf)).toEqual(['DELETE /api/v1/session']);
});

describe.each(api.map((route) => [nameOf(route), route] as const))('%s', (_name, route) => {
  const needed = neededFor(route);

  if (needed === 'nobody in particular') {
    test('is answered to anybody', async () => {
      expect([401, 403]).not.toContain((await ask(route, {})).status);
    });
    return;
  }
  if (needed === 'who signs') {
    test('is refused without a signature, whatever token is sent', async () => {
      for (const headers of [{}, ...roles.map(bearer)]) expect((await ask(route, headers)).status).toBe(401);
    });
    return;
  }

  test(`is for ${mayToo[needed].join(', ')}, and for nobody else`, async () => {
    for (const headers of [{}, { authorization: 'Bearer ebb_admin_made-up' }, { cookie: 'ebb_session=made-up' }])
      expect(await ask(route, headers)).toMatchObject({ status: 401 });
    for (const role of roles) {
      const { status, text } = await ask(route, bearer(role));
      const isRefused = status === 403 && text.includes('EBB_SERVER_FORBIDDEN');
      expect([role, isRefused, status]).toEqual([role, !mayToo[needed].includes(role), status]);
      expect(status).not.toBe(401);
      expect(status).toBeLessThan(500);
    }
  });
});

/**
 * They look at no cookie: who signs a body, or has a link, may send it from anywhere. (Logging in does, once there are
 * credentials: see log-ins.contract.test.ts.)
 */
const withoutCookie = [
  ...['POST /api/v1/github', 'POST /api/v1/pagerduty', 'POST /acknowledgements'],
  ...['POST /api/v1/session', 'POST /login'],
];
const changing = routes.filter((route) => route.method !== 'GET' && !withoutCookie.includes(nameOf(route)));

test.each(changing.map((route) => [nameOf(route), route] as const))(
  '%s is refused when a page of another site sends it with the cookie of an admin',
  async (_name, route) => {
    expect((await server.send('GET', '/api/v1/users', { token: '', headers: { cookie } })).status).toBe(200);
    const form = route.isPage ? { 'content-type': 'application/x-www-form-urlencoded' } : {};
    const { status, text } = await ask(route, { cookie, 'sec-fetch-site': 'cross-site', ...form });
    expect([status, text]).toEqual([403, expect.stringMatching(/EBB_SERVER_CROSS_ORIGIN|another site/)]);
  },
);

/** These have a bound of their own: what who sends them never exceeds. */
const ownBound = [
  ...['POST /api/v1/github', 'POST /api/v1/pagerduty', 'POST /v2/change/enqueue', 'POST /api/v1/findings'],
  'PUT /api/v1/incidents/:id/commits',
];
const taking = api.filter(({ method }) => method !== 'GET' && method !== 'DELETE');

test.each(taking.map((route) => [nameOf(route), route] as const))(
  '%s takes no body without end',
  async (name, route) => {
    const type = route.url === '/api/v1/write' ? { 'content-type': 'application/x-protobuf' } : {};
    const bytes = ownBound.includes(name) ? 1_100_000 : limits.bodyBytes + 1;
    const { status, text } = await ask(route, { ...bearer('admin'), ...type }, JSON.stringify('x'.repeat(bytes)));
    expect([status, text]).toEqual([413, expect.stringContaining('EBB_SERVER_TOO_LARGE')]);
  },
);

describe('pages', () => {
  const open = ['/login', '/acknowledgements', '/assets/'];
  const closed = pages.filter(({ url }) => !open.some((path) => url.startsWith(path)));

  test.each(closed.map((route) => [nameOf(route), route] as const))(
    '%s sends strangers to log in',
    async (_, route) => {
      const { status, location } = await ask(route, { 'content-type': 'application/x-www-form-urlencoded' });
      if (route.method === 'GET') expect([status, location]).toEqual([303, expect.stringMatching(/^\/login\?next=/)]);
      // Not 400: nothing is said of what a form lacks before it is known who sends it.
      else expect(status).toBe(401);
    },
  );

  test.each(
    closed
      .filter(({ method, url }) => method === 'POST' && url !== '/logout')
      .map((route) => [nameOf(route), route] as const),
  )('%s changes nothing for who only reads', async (_name, route) => {
    const headers = { ...bearer('viewer'), 'content-type': 'application/x-www-form-urlencoded' };
    expect((await ask(route, headers)).status).toBe(403);
  });
});
