/** What people do in PagerDuty, told by its V3 webhooks. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '../type.ts';
import { ServerError } from '../../errors/server-error.ts';
import { measureState } from '../../incident/measured-state.ts';
import { checkPagerDuty, readPagerDuty } from '../../ingest/pagerduty.ts';
import { takePagerDuty } from '../../oncall/pagerduty/take-event.ts';
import type { Context } from '../context.ts';
import { takeSignedBodies } from '../signed-bodies.ts';

/** PagerDuty sends none above 256 KB. */
const mostBytes = 256 * 1024;
const Taken = Type.Object({
  taken: Type.Boolean({ description: 'False for what is about no incident of this server, or was done by no person.' }),
  isNew: Type.Boolean({ description: 'False for what was sent before.' }),
});

/** Adds `POST /api/v1/pagerduty`. */
export const pagerDutyRoutes: FastifyPluginAsyncTypebox<{ context: Context }> = async (app, { context }) => {
  const { database, responders, desk, oncall, fleet, routes, signals, attributions, pagerDutySecrets, limits, now } =
    context;
  const signedBody = takeSignedBodies(app, limits);
  app.post(
    '/api/v1/pagerduty',
    {
      bodyLimit: mostBytes,
      schema: {
        summary: 'Take what people do in PagerDuty by its V3 webhooks',
        description:
          'Events `incident.acknowledged`, `incident.reassigned` and `incident.resolved`, signed with a secret in `EBB_PAGERDUTY_WEBHOOK_SECRET`. The same event again changes nothing; one that is older than a day is refused. Other events are answered and change nothing.',
        tags: ['on call'],
        security: [],
        response: { 200: Taken },
      },
    },
    async (request) => {
      if (pagerDutySecrets.length === 0)
        throw new ServerError(
          'EBB_SERVER_NOT_FOUND',
          'webhooks of PagerDuty are off: there is no EBB_PAGERDUTY_WEBHOOK_SECRET',
        );
      const body = await signedBody(request, (bytes) =>
        checkPagerDuty(bytes, request.headers['x-pagerduty-signature'], pagerDutySecrets),
      );
      const event = readPagerDuty(body, now());
      if (event === null) return { taken: false, isNew: false };
      const measure = async (incident: { serviceId: number; openedMs: number }) =>
        await measureState({ fleet, routes, signals, attributions }, { id: event.incidentId, ...incident }, now());
      return await takePagerDuty(event, { database, responders, desk, plan: () => oncall.plan, measure, now });
    },
  );
};
