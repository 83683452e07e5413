/** Incidents: what runs out of memory, how urgent, and what happened since. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { ServerError } from '../../errors/server-error.ts';
import type { Level } from '../../incident/level.ts';
import type { IncidentEvent } from '../../store/incidents.ts';
import type { IncidentRow } from '../../store/schema.ts';
import type { Context } from '../context.ts';
import type { Guard } from '../guard.ts';

const security = [{ token: [] }];
const tags = ['incidents'];
const TimeMs = Type.Integer({ description: 'Milliseconds since 1970.' });
const TimeOrNull = Type.Union([TimeMs, Type.Null()]);
const fields = {
  id: Type.Integer(),
  serviceId: Type.Integer(),
  level: Type.Unsafe<Level>({ type: 'string', enum: ['notice', 'warning', 'page'] }),
  summary: Type.String(),
  openedMs: TimeMs,
  quietSinceMs: TimeOrNull,
  resolvedMs: TimeOrNull,
};
const Incident = Type.Object(fields);
const Event = Type.Object({
  timeMs: TimeMs,
  kind: Type.Unsafe<IncidentEvent['kind']>({ type: 'string', enum: ['opened', 'raised', 'calm', 'back', 'resolved'] }),
  text: Type.String(),
});
const WithTimeline = Type.Object({ ...fields, timeline: Type.Array(Event) });
const Wanted = Type.Object({
  open: Type.Boolean({ default: true, description: 'Those that are open only.' }),
  most: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
});

/** Adds `/api/v1/incidents`. */
export const incidentRoutes: FastifyPluginAsyncTypebox<{ context: Context; guard: Guard }> = async (
  app,
  { context: { incidents }, guard },
) => {
  const onRequest = async (request: FastifyRequest): Promise<void> => {
    await guard(request, 'viewer');
  };
  app.get(
    '/api/v1/incidents',
    {
      schema: {
        summary: 'Incidents, newest first',
        tags,
        security,
        querystring: Wanted,
        response: { 200: Type.Array(Incident) },
      },
      onRequest,
    },
    async ({ query }) => (await incidents.list(query)).map(viewOf),
  );
  app.get(
    '/api/v1/incidents/:id',
    {
      schema: {
        summary: 'One incident with its timeline',
        tags,
        security,
        params: Type.Object({ id: Type.Integer({ minimum: 1 }) }),
        response: { 200: WithTimeline },
      },
      onRequest,
    },
    async ({ params: { id } }) => {
      const incident = await incidents.find(id);
      if (incident === undefined) throw new ServerError('EBB_SERVER_NOT_FOUND', `there is no incident ${id}`);
      return { ...viewOf(incident), timeline: await incidents.timeline(id) };
    },
  );
};

function viewOf(row: IncidentRow): {
  id: number;
  serviceId: number;
  level: Level;
  summary: string;
  openedMs: number;
  quietSinceMs: number | null;
  resolvedMs: number | null;
} {
  return {
    id: row.id,
    serviceId: row.service_id,
    level: row.level,
    summary: row.summary,
    openedMs: row.opened_ms,
    quietSinceMs: row.quiet_since_ms,
    resolvedMs: row.resolved_ms,
  };
}
