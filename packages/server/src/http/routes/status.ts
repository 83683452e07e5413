/** What the server says of itself. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { sql } from 'kysely';
import { Type } from '../type.ts';
import { ServerError } from '../../errors/server-error.ts';
import type { Context } from '../context.ts';
import type { Guard } from '../guard.ts';

const Health = Type.Object({ status: Type.Literal('ok'), version: Type.String() });
const count = (description: string): ReturnType<typeof Type.Integer> => Type.Integer({ description });
const Intake = Type.Object({
  requests: count('Requests that were taken since the server started.'),
  points: count('Points in them.'),
  reports: count('Rows that became of them: a process at a moment.'),
  unusedPoints: count('Points that Ebb has no use for.'),
  refusedPoints: Type.Object({
    clock: count('Their time is off.'),
    label: count('A name is too long.'),
    processes: count('Too many processes.'),
    services: count('Too many services.'),
  }),
  malformedRequests: count('Requests that could not be read.'),
  alerts: count('Alerts that were taken, those sent again included.'),
  refusedAlerts: Type.Object({
    shape: count('They have no labels, no status or no start.'),
    label: count('A name is too long.'),
    unnamed: count('No label says which service they are of.'),
    own: count("They are Ebb's own, which Alertmanager sent back."),
    services: count('Too many services.'),
    alerts: count('Too many alerts at once.'),
  }),
  truncatedAlerts: count('Alerts that Alertmanager has left out itself.'),
  changes: count('Changes that were told, those told again included.'),
  knownProcesses: count('Processes that the database knows of.'),
});

/** Adds `GET /api/v1/health` and `GET /api/v1/intake`. */
export const statusRoutes: FastifyPluginAsyncTypebox<{ context: Context; guard: Guard }> = async (
  app,
  { context, guard },
) => {
  app.get(
    '/api/v1/health',
    { schema: { summary: 'Whether the server and its database work', tags: ['server'], response: { 200: Health } } },
    async () => {
      try {
        await sql`select 1`.execute(context.database.query);
      } catch (error) {
        throw new ServerError('EBB_SERVER_DATABASE', 'the database does not answer', { cause: error });
      }
      return { status: 'ok' as const, version: context.version };
    },
  );
  app.get(
    '/api/v1/intake',
    {
      schema: {
        summary: 'What has been taken and refused since the server started',
        tags: ['server'],
        security: [{ token: [] }],
        response: { 200: Intake },
      },
      onRequest: async (request) => {
        await guard(request, 'viewer');
      },
    },
    async () => ({ ...context.counters.totals, knownProcesses: context.writer.knownProcesses }),
  );
};
