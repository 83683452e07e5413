// Every route that there is, asked by everybody: who may do what is not left to the routes' own tests.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Role } from '../access/token.ts';
import { allRoutes, type Route } from '../fixtures/all-routes.ts';
import { startTestServer, type TestServer } from '../fixtures/test-server.ts';

const limits = { requestsPerMinute: 1e6, refusalsPerMinute: 1e6, mostFollowers: 10 };
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
beforeAll(async () => {
  const environment = { EBB_GITHUB_WEBHOOK_SECRET: 'one', EBB_PAGERDUTY_WEBHOOK_SECRET: 'two' };
  server = await startTestServer({ limits, environment });
  for (const role of roles) tokens[role] = await server.tokenOf(role);
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
): Promise<{ status: number; text: string; location: string | null }> {
  const response = await fetch(server.url + pathOf(route), {
    method: route.method,
    redirect: 'manual',
    headers: { ...(route.method === 'GET' ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(route.method === 'GET' ? {} : { body: '{}' }),
  });
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
