/** The pages: made by the server, whole without a script. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import { Type } from '../type.ts';
import type { Caller } from '../../access/caller.ts';
import { longestPassword } from '../../access/password.ts';
import { isSafe } from '../../access/same-origin.ts';
import { addUser, removeUser } from '../../access/user-admin.ts';
import { ServerError } from '../../errors/server-error.ts';
import { fleetOf } from '../../judge/fleet.ts';
import { runningMs, runningOf } from '../../store/running.ts';
import { readAssets } from '../../pages/assets.ts';
import type { Content } from '../../pages/html.ts';
import { incidentsPage } from '../../pages/incidents-page.ts';
import { layout } from '../../pages/layout.ts';
import { logInPage } from '../../pages/log-in-page.ts';
import { problemPage } from '../../pages/problem-page.ts';
import { inOrder, servicePage, type ServiceInput } from '../../pages/service-page.ts';
import { servicesPage } from '../../pages/services-page.ts';
import { usersPage } from '../../pages/users-page.ts';
import type { UserRole } from '../../store/users.ts';
import { asServerError } from '../answer-error.ts';
import type { Context } from '../context.ts';
import type { Guard } from '../guard.ts';
import type { LogIns } from '../log-ins.ts';
import { onCallPages } from './oncall-pages.ts';
import { addressOf } from '../public-address.ts';
import { incidentPageRoutes, type Reader, type Show } from './incident-pages.ts';
import { numbersPageRoutes } from './numbers-pages.ts';
import { postmortemPageRoutes } from './postmortem-pages.ts';

/** What a page may load and do: its own style and script, its own server, and nothing else; no script stands in a page. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const schema = { hide: true };
const dayMs = 86_400_000;
const mostSamples = 2000;
const mostIncidents = 200;
const Id = Type.Object({ id: Type.Integer({ minimum: 1 }) });
const Next = Type.Optional(Type.String({ maxLength: 500 }));
const LogInForm = Type.Union([
  Type.Object({
    next: Next,
    name: Type.String({ maxLength: 100 }),
    password: Type.String({ maxLength: longestPassword }),
  }),
  Type.Object({ next: Next, token: Type.String({ maxLength: 100 }) }),
]);
const UserForm = Type.Object({
  name: Type.String(),
  password: Type.String(),
  role: Type.Unsafe<UserRole>({ type: 'string', enum: ['viewer', 'responder', 'admin'] }),
});

interface PageOptions {
  context: Context;
  guard: Guard;
  logIns: LogIns;
}

/** Adds `/`, `/services/:id`, `/incidents`, `/users`, `/login` and what they load. */
export const pageRoutes: FastifyPluginAsyncTypebox<PageOptions> = async (app, { context, guard, logIns }) => {
  const { attributions, fleet, incidents, users, now, publicUrl } = context;
  const assets = readAssets();
  const show: Show = (reply, frame) =>
    reply
      .type('text/html; charset=utf-8')
      .headers({ 'content-security-policy': policy, 'cache-control': 'no-store' })
      .send(layout({ ...frame, assets: assets.paths }));
  const reader: Reader = async (request, needed = 'viewer') => await guard(request, needed);
  const openOf = async (serviceId?: number) => {
    const open = await incidents.list({ open: true, most: mostIncidents });
    return serviceId === undefined ? open : open.filter(({ service_id: id }) => id === serviceId);
  };

  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(body as string)));
  });
  app.setErrorHandler((error, request, reply) => {
    const told = asServerError(error);
    if (told.code === 'EBB_SERVER_UNAUTHORIZED' && request.method === 'GET')
      return reply.redirect(`/login?next=${encodeURIComponent(request.url)}`, 303);
    if (told.statusCode >= 500) request.log.error({ err: told.cause ?? told }, told.message);
    const content = problemPage(told);
    return show(reply.code(told.statusCode), { title: told.message, caller: null, part: null, content, live: false });
  });
  // Before the body is read: strangers' forms cost nothing, and are told nothing of what they lack.
  app.addHook('onRequest', async (request) => {
    const { url = '' } = request.routeOptions;
    if (url === '/login' || url === '/acknowledgements' || url.startsWith('/assets/')) return;
    await guard(request, isSafe(request.method) || url === '/logout' ? 'viewer' : 'responder');
  });
  await app.register(onCallPages, { context, guard, show });
  for (const { path, type, text } of assets.files) {
    app.get(path, { schema }, async (_request, reply) =>
      reply.type(`${type}; charset=utf-8`).header('cache-control', 'public, max-age=31536000, immutable').send(text),
    );
  }

  app.get('/', { schema }, async (request, reply) => {
    const caller = await reader(request);
    const nowMs = now();
    const services = fleetOf(await fleet.services(), await fleet.judged({ sinceMs: nowMs - runningMs }));
    const address = addressOf(request, publicUrl);
    const content = servicesPage({ services, open: await openOf(), nowMs, address });
    return show(reply, { title: 'Services', caller, part: 'services', content, live: true });
  });

  app.get(
    '/services/:id',
    { schema: { ...schema, params: Id, querystring: Type.Object({ process: Type.Optional(Type.Integer()) }) } },
    async (request, reply) => {
      const caller = await reader(request);
      const { id } = request.params;
      const nowMs = now();
      const row = await fleet.service(id);
      if (row === undefined) throw new ServerError('EBB_SERVER_NOT_FOUND', `there is no service ${id}`);
      const processes = runningOf(await fleet.processes({ sinceMs: nowMs - runningMs, serviceId: id }));
      const [service] = fleetOf([row], processes);
      if (service === undefined)
        throw new ServerError('EBB_SERVER_NOT_FOUND', `no process of ${row.name} has reported in the last ten minutes`);
      const odd = new Set(service.versions.flatMap((version) => version.odd));
      const asked = processes.find((process) => process.id === request.query.process);
      const process = asked ?? inOrder(processes, odd)[0];
      const chosen = process === undefined ? null : await memoryOf(process.id);
      const open = await openOf(id);
      const attribution = open.length === 0 ? null : await attributions.find(open[0].id);
      const content = servicePage({ service, processes, open, attribution, chosen, nowMs });
      return show(reply, { title: row.name, caller, part: 'services', content, live: true });
    },
  );

  async function memoryOf(processId: number): Promise<ServiceInput['chosen']> {
    const process = await fleet.process(processId);
    if (process === undefined) return null;
    const toMs = now() + 1;
    return {
      process,
      chart: {
        samples: await fleet.samples(processId, toMs - dayMs, toMs, mostSamples),
        changes: await fleet.verdictChanges(processId, 100),
        heapLimitBytes: process.heap_limit_bytes,
        containerLimitBytes: process.container_limit_bytes,
      },
    };
  }

  app.get('/incidents', { schema }, async (request, reply) => {
    const caller = await reader(request);
    const content = incidentsPage(await incidents.list({ open: false, most: mostIncidents }), now());
    return show(reply, { title: 'Incidents', caller, part: 'incidents', content, live: true });
  });

  await app.register(incidentPageRoutes, { context, reader, show });
  await app.register(postmortemPageRoutes, { context, reader, show });
  await app.register(numbersPageRoutes, { context, reader, show });

  const showUsers = async (reply: FastifyReply, caller: Caller, problem: string | null): Promise<FastifyReply> => {
    const content = usersPage({ users: await users.list(), ownId: caller.userId, problem, nowMs: now() });
    return show(reply, { title: 'Users', caller, part: 'users', content, live: false });
  };
  app.get('/users', { schema }, async (request, reply) => await showUsers(reply, await reader(request, 'admin'), null));
  app.post('/users', { schema: { ...schema, body: UserForm } }, async (request, reply) => {
    const caller = await reader(request, 'admin');
    try {
      await addUser(caller, request.body, context);
    } catch (error) {
      const { statusCode, message } = asServerError(error);
      if (statusCode >= 500) throw error;
      return await showUsers(reply.code(statusCode), caller, message);
    }
    return reply.redirect('/users', 303);
  });
  app.post('/users/:id/remove', { schema: { ...schema, params: Id } }, async (request, reply) => {
    await removeUser(await reader(request, 'admin'), request.params.id, context);
    return reply.redirect('/users', 303);
  });

  const showLogIn = (reply: FastifyReply, next: string, problem: string | null): FastifyReply => {
    const content: Content = logInPage({ next, problem });
    return show(reply, { title: 'Log in', caller: null, part: null, content, live: false });
  };
  app.get('/login', { schema: { ...schema, querystring: Type.Object({ next: Next }) } }, async (request, reply) =>
    showLogIn(reply, ownPath(request.query.next), null),
  );
  app.post('/login', { schema: { ...schema, body: LogInForm } }, async (request, reply) => {
    const { next, ...credentials } = request.body;
    try {
      await logIns.begin(request, reply, credentials);
    } catch (error) {
      const { statusCode, message } = asServerError(error);
      if (statusCode >= 500) throw error;
      return showLogIn(reply.code(statusCode), ownPath(next), message);
    }
    return reply.redirect(ownPath(next), 303);
  });
  app.post('/logout', { schema }, async (request, reply) => {
    await logIns.end(request, reply);
    return reply.redirect('/login', 303);
  });
};

/** A path of this server: nobody is led elsewhere after logging in. */
function ownPath(path: string | undefined): string {
  if (path === undefined || !path.startsWith('/')) return '/';
  const base = 'http://ebb.invalid';
  const url = URL.parse(path, base);
  return url?.origin === base ? `${url.pathname}${url.search}` : '/';
}
