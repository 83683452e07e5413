/** All routes of the server. */
import type { FastifyInstance } from 'fastify';
import rateLimit from '@fastify/rate-limit';
import { ServerError } from '../../errors/server-error.ts';
import type { Context } from '../context.ts';
import { makeGuard } from '../guard.ts';
import { makeLogIns } from '../log-ins.ts';
import { actionItemRoutes } from './action-items.ts';
import { alertingRoutes } from './alerting.ts';
import { alertmanagerRoutes } from './alertmanager.ts';
import { attributionRoutes } from './attribution.ts';
import { changeRoutes } from './changes.ts';
import { commitRoutes } from './commits.ts';
import { eventRoutes } from './events.ts';
import { findingRoutes } from './findings.ts';
import { githubRoutes } from './github.ts';
import { incidentNumberRoutes } from './incident-numbers.ts';
import { incidentWorkRoutes } from './incident-work.ts';
import { incidentRoutes } from './incidents.ts';
import { onCallRoutes } from './oncall.ts';
import { otlpRoutes } from './otlp.ts';
import { pageRoutes } from './pages.ts';
import { pagerDutyRoutes } from './pagerduty.ts';
import { postmortemRoutes } from './postmortems.ts';
import { remoteWriteRoutes } from './remote-write.ts';
import { responseRoutes } from './response.ts';
import { serviceRoutes } from './services.ts';
import { sessionRoutes } from './session.ts';
import { silenceRoutes } from './silences.ts';
import { statusRoutes } from './status.ts';
import { tokenRoutes } from './tokens.ts';
import { userRoutes } from './users.ts';

/** Adds them, and the limits on how often they may be asked. */
export async function addRoutes(app: FastifyInstance, context: Context): Promise<void> {
  const { requestsPerMinute } = context.limits;
  await app.register(rateLimit, {
    max: requestsPerMinute,
    timeWindow: 60_000,
    errorResponseBuilder: (_request, { max }) =>
      new ServerError('EBB_SERVER_TOO_MANY_REQUESTS', `more than ${max} requests in a minute`),
  });
  const guard = makeGuard(app, context);
  const logIns = makeLogIns(app, guard, context);
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
  await app.register(pagerDutyRoutes, { context });
  await app.register(alertmanagerRoutes, { context, guard });
  await app.register(serviceRoutes, { context, guard });
  await app.register(alertingRoutes, { context, guard });
  await app.register(silenceRoutes, { context, guard });
  await app.register(onCallRoutes, { context, guard });
  await app.register(responseRoutes, { context, guard });
  await app.register(sessionRoutes, { context, guard, logIns });
  await app.register(userRoutes, { context, guard });
  await app.register(eventRoutes, { context, guard });
  await app.register(pageRoutes, { context, guard, logIns });
  await app.register(otlpRoutes, { context, guard });
  await app.register(remoteWriteRoutes, { context, guard });
}
