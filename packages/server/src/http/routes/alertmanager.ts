/** What existing monitoring says: Alertmanager's webhook. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '../type.ts';
import { readAlertmanager, refuseAlerts, type AlertRefusal } from '../../ingest/alertmanager.ts';
import type { Context } from '../context.ts';
import type { Guard } from '../guard.ts';

const told: Readonly<Record<AlertRefusal, string>> = {
  shape: 'they have no labels, no status or no start',
  label: 'a name is longer than 256 characters',
  own: 'they are alerts of Ebb itself, sent back',
  unnamed: 'no label says which service they are of',
  services: 'the server knows of as many services as it may',
  alerts: 'there are more at once than are taken',
};
const Taken = Type.Object({
  taken: Type.Integer(),
  refused: Type.Integer(),
  reasons: Type.String({ description: 'Why, a sentence a reason; empty when nothing was refused.' }),
});

/** Adds `POST /api/v1/alertmanager`. */
export const alertmanagerRoutes: FastifyPluginAsyncTypebox<{ context: Context; guard: Guard }> = async (
  app,
  { context, guard },
) => {
  app.post(
    '/api/v1/alertmanager',
    {
      schema: {
        summary: "Take alerts by Alertmanager's webhook",
        description:
          'Payload version 4, as a `webhook_config` of Alertmanager sends it (version 1: Grafana). Answered when it is committed; what is sent again is the same alert. What is refused is counted here and in `/api/v1/intake`.',
        tags: ['telemetry'],
        security: [{ token: [] }],
        response: { 200: Taken },
      },
      // Before the body is read: strangers' bodies cost nothing.
      onRequest: async (request) => {
        await guard(request, 'agent');
      },
    },
    async (request) => {
      const { counters, signals, now } = context;
      const nowMs = now();
      let intake: ReturnType<typeof readAlertmanager>;
      try {
        intake = readAlertmanager(request.body, nowMs);
      } catch (error) {
        counters.malformed();
        throw error;
      }
      const { taken, refused } = await signals.record(intake.alerts, nowMs);
      for (const why of refused) refuseAlerts(intake, why, 1);
      counters.tookAlerts(taken, intake);
      const reasons = [...intake.refused].map(([why, alerts]) => `${alerts} alerts refused: ${told[why]}`);
      if (intake.truncated > 0) reasons.push(`${intake.truncated} alerts were left out by Alertmanager itself`);
      return {
        taken,
        refused: [...intake.refused.values()].reduce((sum, alerts) => sum + alerts, 0),
        reasons: reasons.join('; '),
      };
    },
  );
};
