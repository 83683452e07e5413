/** The HTTP side: plugins that make it safe, the document of the API, and the routes. */
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import fastify, { type FastifyInstance } from 'fastify';
import { ServerError } from '../errors/server-error.ts';
import { answerError } from './answer-error.ts';
import type { Context } from './context.ts';
import { addDocsPage } from './docs-page.ts';
import { makeGuard } from './guard.ts';
import { alertingRoutes } from './routes/alerting.ts';
import { alertmanagerRoutes } from './routes/alertmanager.ts';
import { attributionRoutes } from './routes/attribution.ts';
import { changeRoutes } from './routes/changes.ts';
import { commitRoutes } from './routes/commits.ts';
import { boundIdleConnections } from './idle-connections.ts';
import { LogStream } from './log-stream.ts';
import { makeLogIns } from './log-ins.ts';
import { eventRoutes } from './routes/events.ts';
import { findingRoutes } from './routes/findings.ts';
import { githubRoutes } from './routes/github.ts';
import { incidentRoutes } from './routes/incidents.ts';
import { incidentWorkRoutes } from './routes/incident-work.ts';
import { actionItemRoutes } from './routes/action-items.ts';
import { incidentNumberRoutes } from './routes/incident-numbers.ts';
import { postmortemRoutes } from './routes/postmortems.ts';
import { onCallRoutes } from './routes/oncall.ts';
import { responseRoutes } from './routes/response.ts';
import { otlpRoutes } from './routes/otlp.ts';
import { pageRoutes } from './routes/pages.ts';
import { remoteWriteRoutes } from './routes/remote-write.ts';
import { serviceRoutes } from './routes/services.ts';
import { silenceRoutes } from './routes/silences.ts';
import { sessionRoutes } from './routes/session.ts';
import { statusRoutes } from './routes/status.ts';
import { tokenRoutes } from './routes/tokens.ts';
import { userRoutes } from './routes/users.ts';
import { endUnusedConnections } from './unused-connections.ts';

/** What a client may take to send a request; a slower one is cut off. */
const slowestRequestMs = 30_000;

/** The app, ready to listen. What goes wrong unforeseen is written to standard error, a line of JSON each. */
export async function makeApp(context: Context): Promise<FastifyInstance> {
  const { limits } = context;
  const app = fastify({
    bodyLimit: limits.bodyBytes,
    requestTimeout: slowestRequestMs,
    logger: { level: 'error', stream: new LogStream(process.stderr, context.now) },
    // Long names in a path are nobody's.
    routerOptions: { maxParamLength: 100 },
    forceCloseConnections: 'idle',
    // What a schema does not know is refused, not dropped.
    ajv: { customOptions: { removeAdditional: false } },
  });
  const idle = boundIdleConnections(app.server);
  app.addHook('onClose', () => idle.stop());
  endUnusedConnections(app);
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request) => {
    throw new ServerError('EBB_SERVER_NOT_FOUND', `there is no ${request.method} ${request.url.slice(0, 200)}`);
  });
  await app.register(helmet, {
    contentSecurityPolicy: { directives: { 'upgrade-insecure-requests': null } },
    // With no-referrer browsers send `Origin: null`, and forms could not be told from those of other sites.
    referrerPolicy: { policy: 'same-origin' },
  });
  await app.register(rateLimit, {
    max: limits.requestsPerMinute,
    timeWindow: 60_000,
    errorResponseBuilder: () =>
      new ServerError('EBB_SERVER_TOO_MANY_REQUESTS', `more than ${limits.requestsPerMinute} requests in a minute`),
  });
  await app.register(swagger, {
    openapi: {
      info: { title: 'Ebb', version: context.version, description: 'Times are milliseconds since 1970, sizes bytes.' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
  });
  const guard = makeGuard(app, context);
  await app.register(statusRoutes, { context, guard });
  await app.register(attributionRoutes, { context, guard });
  await app.register(commitRoutes, { context, guard });
  await app.register(tokenRoutes, { context, guard });
  await app.register(incidentRoutes, { context, guard });
  await app.register(findingRoutes, { context, guard });
  await app.register(incidentWorkRoutes, { context, guard });
  await app.register(postmortemRoutes, { context, guard });
  await app.register(actionItemRoutes, { context, guard });
  await app.register(incidentNumberRoutes, { context, guard });
  await app.register(changeRoutes, { context, guard });
  await app.register(githubRoutes, { context });
  await app.register(alertmanagerRoutes, { context, guard });
  await app.register(serviceRoutes, { context, guard });
  await app.register(alertingRoutes, { context, guard });
  await app.register(silenceRoutes, { context, guard });
  await app.register(onCallRoutes, { context, guard });
  await app.register(responseRoutes, { context, guard });
  const logIns = makeLogIns(app, guard, context);
  await app.register(sessionRoutes, { context, guard, logIns });
  await app.register(userRoutes, { context, guard });
  await app.register(eventRoutes, { context, guard });
  await app.register(pageRoutes, { context, guard, logIns });
  await app.register(otlpRoutes, { context, guard });
  await app.register(remoteWriteRoutes, { context, guard });
  addDocsPage(app);
  app.get('/api/v1/openapi.json', { schema: { hide: true } }, () => app.swagger());
  await app.ready();
  return app;
}
