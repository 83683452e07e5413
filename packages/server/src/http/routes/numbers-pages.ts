/** The page of what incidents of a while come to. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '../type.ts';
import { teamOf } from '../../incident/team.ts';
import { numbersPage } from '../../pages/numbers-page.ts';
import { countedIncidents } from '../../postmortem/count-incidents.ts';
import { numbersOf } from '../../postmortem/numbers.ts';
import type { Context } from '../context.ts';
import type { Reader, Show } from './incident-pages.ts';

const dayMs = 24 * 3_600_000;
const Days = Type.Object({ days: Type.Integer({ minimum: 1, maximum: 3650, default: 90 }) });

/** Adds `/incidents/numbers`. */
export const numbersPageRoutes: FastifyPluginAsyncTypebox<{ context: Context; reader: Reader; show: Show }> = async (
  app,
  { context: { database, alerting, aftermath, now }, reader, show },
) => {
  app.get('/incidents/numbers', { schema: { hide: true, querystring: Days } }, async (request, reply) => {
    const caller = await reader(request);
    const { days } = request.query;
    const nowMs = now();
    const counted = await countedIncidents(database.query, nowMs - days * dayMs, (service) =>
      teamOf(alerting.rules, service),
    );
    const content = numbersPage({ numbers: numbersOf(counted), days, items: await aftermath.items(), nowMs });
    return show(reply, { title: 'Numbers', caller, part: 'incidents', content, live: false });
  });
};
