/** Incidents: what runs out of memory, how urgent, and what happened since. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from '../type.ts';
import { ServerError } from '../../errors/server-error.ts';
import { causes, type Cause } from '../../incident/cause.ts';
import { incidentEventKinds } from '../../incident/event-kind.ts';
import { hypothesisStates, type HypothesisState } from '../../incident/hypothesis.ts';
import { impactOf } from '../../incident/impact-keeper.ts';
import type { Level } from '../../incident/level.ts';
import { incidentRoles, type IncidentRole } from '../../incident/role.ts';
import type { HypothesisRow } from '../../incident/tables.ts';
import { teamOf } from '../../incident/team.ts';
import { Clock, zoneOf } from '../../incident/zone.ts';
import type { Impact } from '../../impact/impact.ts';
import { signalKinds, type SignalKind, type SignalSource } from '../../signals/signal.ts';
import type { IncidentEvent } from '../../store/incidents.ts';
import type { IncidentRow, SignalRow } from '../../store/schema.ts';
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
  cause: Type.Unsafe<Cause>({
    type: 'string',
    enum: [...causes],
    description: '`open`: nobody knows yet; `elsewhere`: memory is well.',
  }),
  summary: Type.String({ description: 'The cause first.' }),
  impact: Type.Union([Type.String(), Type.Null()], { description: 'What it does to requests and clients, in words.' }),
  openedMs: TimeMs,
  quietSinceMs: TimeOrNull,
  resolvedMs: TimeOrNull,
};
const Incident = Type.Object(fields);
const TextOrNull = Type.Union([Type.String(), Type.Null()]);
const Event = Type.Object({
  timeMs: TimeMs,
  time: Type.String({ description: "In UTC, with the reader's zone and the team's beside it." }),
  kind: Type.Unsafe<IncidentEvent['kind']>({ type: 'string', enum: [...incidentEventKinds] }),
  text: Type.String(),
  actor: Type.Union([Type.String(), Type.Null()], { description: 'Who did it; null for the server itself.' }),
});
const Hypothesis = Type.Object({
  id: Type.Integer(),
  title: Type.String(),
  changeId: Type.Union([Type.Integer(), Type.Null()], { description: 'The change that is meant.' }),
  state: Type.Unsafe<HypothesisState>({ type: 'string', enum: [...hypothesisStates] }),
  sinceMs: TimeMs,
  suspectedBy: Type.String(),
  suspectedWhy: Type.String(),
  decidedMs: TimeOrNull,
  decidedBy: TextOrNull,
  decidedWhy: TextOrNull,
});
const RoleHolder = Type.Object({
  role: Type.Unsafe<IncidentRole>({ type: 'string', enum: [...incidentRoles] }),
  name: Type.String(),
  sinceMs: TimeMs,
});
const ZoneName = Type.Optional(
  Type.String({ maxLength: 60, description: "The reader's time zone, such as `Europe/Berlin`." }),
);
const Signal = Type.Object({
  id: Type.Integer(),
  source: Type.Unsafe<SignalSource>({ type: 'string', enum: ['alertmanager', 'agents'] }),
  kind: Type.Unsafe<SignalKind>({ type: 'string', enum: [...signalKinds] }),
  level: Type.Unsafe<Level | null>({ anyOf: [{ type: 'string' }, { type: 'null' }] }),
  title: Type.String(),
  text: Type.String(),
  url: Type.Union([Type.String(), Type.Null()]),
  startedMs: TimeMs,
  endedMs: TimeOrNull,
});
const WithTimeline = Type.Object({
  ...fields,
  team: TextOrNull,
  zones: Type.Array(Type.String(), { description: 'Those that stand beside UTC.' }),
  roles: Type.Array(RoleHolder),
  hypotheses: Type.Array(Hypothesis),
  signals: Type.Array(Signal),
  timeline: Type.Array(Event),
});
const count = { type: 'number' };
const countOrNull = { anyOf: [{ type: 'number' }, { type: 'null' }] };
const affected = {
  fromMs: { type: 'integer' },
  toMs: { type: 'integer' },
  requests: count,
  slow: { type: 'number', description: 'Longer than a second, and not failed.' },
  failed: { type: 'number', description: '5xx, or cut off.' },
  requestShare: count,
  clients: { ...countOrNull, description: 'Distinct clients, an estimate; null where nobody counts them.' },
  affectedClients: countOrNull,
  clientShare: countOrNull,
};
const MeasuredImpact = Type.Unsafe<Impact | null>({
  anyOf: [
    { type: 'null' },
    {
      type: 'object',
      properties: {
        sentence: { type: 'string' },
        all: { type: 'object', properties: affected },
        routes: { type: 'array', items: { type: 'object', properties: { route: { type: 'string' }, ...affected } } },
      },
    },
  ],
});
const Id = Type.Object({ id: Type.Integer({ minimum: 1 }) });
const Wanted = Type.Object({
  open: Type.Boolean({ default: true, description: 'Those that are open only.' }),
  most: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
});

/** Adds `/api/v1/incidents`. */
export const incidentRoutes: FastifyPluginAsyncTypebox<{ context: Context; guard: Guard }> = async (
  app,
  { context, guard },
) => {
  const { incidents, desk, fleet, alerting, routes, now } = context;
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
        params: Id,
        querystring: Type.Object({ zone: ZoneName }),
        response: { 200: WithTimeline },
      },
      onRequest,
    },
    async ({ params: { id }, query: { zone } }) => {
      const readerZone = zone === undefined ? null : zoneOf(zone);
      if (zone !== undefined && readerZone === null)
        throw new ServerError('EBB_SERVER_BAD_REQUEST', `there is no time zone '${zone}'`);
      const incident = await incidents.get(id);
      const signals = await incidents.signals(incident, now());
      const service = await fleet.service(incident.service_id);
      const team = service === undefined ? null : teamOf(alerting.rules, service);
      const clock = new Clock([readerZone, team?.zone ?? null]);
      return {
        ...viewOf(incident),
        team: team?.name ?? null,
        zones: [...clock.zones],
        roles: (await desk.roles(id)).map(({ role, name, since_ms: sinceMs }) => ({ role, name, sinceMs })),
        hypotheses: (await desk.hypotheses(id)).map(hypothesisView),
        signals: signals.map(signalView),
        timeline: (await incidents.timeline(id)).map((event) => ({ ...event, time: clock.time(event.timeMs, true) })),
      };
    },
  );
  app.get(
    '/api/v1/incidents/:id/impact',
    {
      schema: {
        summary: 'What an incident does to requests and clients, by route',
        description: 'Null while no request was slow or failed more than usually, or nobody tells of requests.',
        tags,
        security,
        params: Id,
        response: { 200: Type.Object({ impact: MeasuredImpact }) },
      },
      onRequest,
    },
    async ({ params: { id } }) => ({ impact: await impactOf(routes, await incidents.get(id), now()) }),
  );
};

function viewOf(row: IncidentRow): {
  id: number;
  serviceId: number;
  level: Level;
  cause: Cause;
  summary: string;
  impact: string | null;
  openedMs: number;
  quietSinceMs: number | null;
  resolvedMs: number | null;
} {
  return {
    id: row.id,
    serviceId: row.service_id,
    level: row.level,
    cause: row.cause,
    summary: row.summary,
    impact: row.impact === null ? null : (JSON.parse(row.impact) as Impact).sentence,
    openedMs: row.opened_ms,
    quietSinceMs: row.quiet_since_ms,
    resolvedMs: row.resolved_ms,
  };
}

function signalView(row: SignalRow): {
  id: number;
  source: SignalSource;
  kind: SignalKind;
  level: Level | null;
  title: string;
  text: string;
  url: string | null;
  startedMs: number;
  endedMs: number | null;
} {
  const { id, source, kind, level, title, text, url, started_ms: startedMs, ended_ms: endedMs } = row;
  return { id, source, kind, level, title, text, url, startedMs, endedMs };
}

function hypothesisView(row: HypothesisRow): {
  id: number;
  title: string;
  changeId: number | null;
  state: HypothesisState;
  sinceMs: number;
  suspectedBy: string;
  suspectedWhy: string;
  decidedMs: number | null;
  decidedBy: string | null;
  decidedWhy: string | null;
} {
  return {
    id: row.id,
    title: row.title,
    changeId: row.change_id,
    state: row.state,
    sinceMs: row.since_ms,
    suspectedBy: row.suspected_by,
    suspectedWhy: row.suspected_why,
    decidedMs: row.decided_ms,
    decidedBy: row.decided_by,
    decidedWhy: row.decided_why,
  };
}
