/** What incidents of a while come to. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '../type.ts';
import { teamOf } from '../../incident/team.ts';
import { countedIncidents } from '../../postmortem/count-incidents.ts';
import { numberLines, numbersOf } from '../../postmortem/numbers.ts';
import type { Context } from '../context.ts';
import type { Guard } from '../guard.ts';

const dayMs = 24 * 3_600_000;
const OrNull = Type.Union([Type.Number(), Type.Null()]);
const Took = Type.Object({
  medianMs: OrNull,
  longestMs: OrNull,
  known: Type.Integer({ description: 'In so many incidents it is known.' }),
});
const Numbers = Type.Object({
  incidents: Type.Integer(),
  detect: Took,
  acknowledge: Took,
  mitigate: Took,
  resolve: Took,
  wrongHypothesis: Took,
  repeats: Type.Integer({ description: 'Incidents whose leak was found in an earlier one.' }),
  ledToNothing: Type.Integer({ description: 'Somebody was told, nobody did anything, and it went by itself.' }),
});

/** Adds `/api/v1/incidents/numbers`. */
export const incidentNumberRoutes: FastifyPluginAsyncTypebox<{ context: Context; guard: Guard }> = async (
  app,
  { context: { database, alerting, now }, guard },
) => {
  app.get(
    '/api/v1/incidents/numbers',
    {
      schema: {
        summary: 'How long it took to detect, acknowledge, mitigate and resolve, by service and team',
        tags: ['incidents'],
        security: [{ token: [] }],
        querystring: Type.Object({ days: Type.Integer({ minimum: 1, maximum: 3650, default: 90 }) }),
        response: {
          200: Type.Object({
            all: Numbers,
            services: Type.Record(Type.String(), Numbers),
            teams: Type.Record(Type.String(), Numbers),
            repeatedLeaks: Type.Array(
              Type.Object({
                fingerprint: Type.String(),
                incidents: Type.Integer({ description: 'Of those that are counted.' }),
                services: Type.Array(Type.String()),
              }),
              { description: 'Leaks that were found in an earlier incident, too.' },
            ),
            lines: Type.Array(Type.String(), { description: 'The same in words.' }),
          }),
        },
      },
      onRequest: async (request) => {
        await guard(request, 'viewer');
      },
    },
    async ({ query: { days } }) => {
      const counted = await countedIncidents(database.query, now() - days * dayMs, (service) =>
        teamOf(alerting.rules, service),
      );
      const numbers = numbersOf(counted);
      return { ...numbers, lines: numberLines(numbers) };
    },
  );
};
