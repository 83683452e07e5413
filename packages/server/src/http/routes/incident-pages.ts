/** The page of an incident, and what people do on it. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TProperties } from 'typebox';
import { Type } from '../type.ts';
import type { Caller } from '../../access/caller.ts';
import { mayAct, type Role } from '../../access/token.ts';
import { measureState } from '../../incident/measured-state.ts';
import { incidentRoles, type IncidentRole } from '../../incident/role.ts';
import { teamOf } from '../../incident/team.ts';
import { Clock, zoneOf } from '../../incident/zone.ts';
import { actionKinds, type ActionKind } from '../../response/action.ts';
import type { Orderer } from '../../response/response.ts';
import { serviceStates } from '../../live/service-states.ts';
import { incidentPage } from '../../pages/incident/incident-page.ts';
import type { Frame } from '../../pages/layout.ts';
import type { Context } from '../context.ts';
import { answerForm } from '../form-answer.ts';

/** Says who reads, or sends them to log in. */
export type Reader = (request: FastifyRequest, needed?: Role) => Promise<Caller>;
/** Sends a page. */
export type Show = (reply: FastifyReply, frame: Omit<Frame, 'assets'>) => FastifyReply;

const schema = { hide: true };
const Id = Type.Object({ id: Type.Integer({ minimum: 1 }) });

/** Adds `/incidents/:id` and its forms. */
export const incidentPageRoutes: FastifyPluginAsyncTypebox<{ context: Context; reader: Reader; show: Show }> = async (
  app,
  { context, reader, show },
) => {
  const { incidents, desk, fleet, routes, signals, attributions, alerting, response, tokens, now } = context;
  const showIncident = async (
    request: FastifyRequest,
    reply: FastifyReply,
    { id, caller, problem }: { id: number; caller: Caller; problem: string | null },
  ): Promise<FastifyReply> => {
    const incident = await incidents.get(id);
    const service = await fleet.service(incident.service_id);
    const content = await incidentPage({
      ...{ context, incident, service, problem, nowMs: now() },
      state: (await serviceStates(fleet, [incident.service_id], now()))[0],
      mayAct: mayAct(caller.role, 'responder'),
      orderer: ordererOf(caller),
      asked: askedOf(request.query),
      clock: new Clock([readerZone(request), service === undefined ? null : teamOf(alerting.rules, service).zone]),
    });
    return show(reply, { title: incident.summary, caller, part: 'incidents', content, live: true });
  };
  app.get('/incidents/:id', { schema: { ...schema, params: Id } }, async (request, reply) => {
    const caller = await reader(request);
    return await showIncident(request, reply, { id: request.params.id, caller, problem: null });
  });

  /** Does what a form asks for, and shows the page: with what was wrong, where something was. */
  const act = async (
    request: FastifyRequest,
    reply: FastifyReply,
    id: number,
    work: (by: { name: string; nowMs: number }, caller: Caller) => Promise<unknown>,
  ): Promise<FastifyReply> => {
    const caller = await reader(request, 'responder');
    return await answerForm(reply, {
      work: async () => await work({ name: caller.name, nowMs: now() }, caller),
      back: `/incidents/${id}`,
      again: async (answer, problem) => await showIncident(request, answer, { id, caller, problem }),
    });
  };
  const form = <Body extends TProperties>(body: Body) => ({
    schema: { ...schema, params: Id, body: Type.Object(body) },
  });
  app.post('/incidents/:id/notes', form({ text: Type.String() }), async (request, reply) => {
    const { id } = request.params;
    return await act(request, reply, id, async (by) => await desk.note(id, request.body, by));
  });
  const RoleName = Type.Unsafe<IncidentRole>({ type: 'string', enum: [...incidentRoles] });
  app.post('/incidents/:id/roles', form({ role: RoleName, name: Type.String() }), async (request, reply) => {
    const { id } = request.params;
    const { role, name } = request.body;
    return await act(request, reply, id, async (by) => await desk.assign(id, role, name, by));
  });
  const suspected = form({
    title: Type.String(),
    why: Type.String(),
    changeId: Type.Optional(Type.String({ pattern: '^[0-9]{0,15}$' })),
  });
  app.post('/incidents/:id/hypotheses', suspected, async (request, reply) => {
    const { id } = request.params;
    const { title, why, changeId = '' } = request.body;
    const change = changeId === '' ? {} : { changeId: Number(changeId) };
    return await act(request, reply, id, async (by) => await desk.suspect(id, { title, why, ...change }, by));
  });
  const decided = {
    schema: {
      ...schema,
      params: Type.Object({ ...Id.properties, hypothesisId: Type.Integer({ minimum: 1 }) }),
      body: Type.Object({
        why: Type.String(),
        state: Type.Unsafe<'exonerated' | 'confirmed'>({ type: 'string', enum: ['exonerated', 'confirmed'] }),
      }),
    },
  };
  app.post('/incidents/:id/hypotheses/:hypothesisId', decided, async (request, reply) => {
    const { id, hypothesisId } = request.params;
    return await act(request, reply, id, async (by) => await desk.decide(id, hypothesisId, request.body, by));
  });
  app.post('/incidents/:id/resolve', form({ reason: Type.String() }), async (request, reply) => {
    const { id } = request.params;
    return await act(request, reply, id, async (by) => {
      const { service_id: serviceId, opened_ms: openedMs } = await incidents.get(id);
      const state = await measureState({ fleet, routes, signals, attributions }, { id, serviceId, openedMs }, by.nowMs);
      await desk.resolve(id, { state, reason: request.body.reason }, by);
    });
  });

  const Kind = Type.Unsafe<ActionKind>({ type: 'string', enum: [...actionKinds] });
  const ordered = form({
    kind: Kind,
    version: Short,
    subject: Short,
    why: Type.String({ minLength: 1, maxLength: 500 }),
  });
  app.post('/incidents/:id/actions', ordered, async (request, reply) => {
    const { id } = request.params;
    return await act(request, reply, id, async ({ name, nowMs }, caller) => {
      const { service_id: serviceId } = await incidents.get(id);
      const row = await response.order({ serviceId, ...request.body }, ordererOf(caller));
      await tokens.audit(name, 'action.order', `${row.id}: ${row.kind} of service ${serviceId}`, nowMs);
    });
  });
  const stopped = {
    schema: { ...schema, params: Type.Object({ ...Id.properties, actionId: Type.Integer({ minimum: 1 }) }) },
  };
  app.post('/incidents/:id/actions/:actionId/stop', stopped, async (request, reply) => {
    const { id, actionId } = request.params;
    return await act(request, reply, id, async ({ name, nowMs }) => {
      const outcome = await response.actions.stop(actionId, `cancelled by ${name}`, nowMs);
      await tokens.audit(name, 'action.cancel', `${actionId}: ${outcome ?? ''}`, nowMs);
    });
  });
};

const Short = Type.Optional(Type.String({ minLength: 1, maxLength: 300, pattern: '^[^\\u0000-\\u001f]+$' }));

function ordererOf({ name, role }: Caller): Orderer {
  return { name, role: role === 'admin' ? 'admin' : 'responder' };
}

/** The action that a plan is asked for: `?plan=rollback&version=1.0`. */
function askedOf(query: unknown): { kind: ActionKind; version?: string; subject?: string } | null {
  const { plan, version, subject } = query as Record<string, unknown>;
  const kind = actionKinds.find((one) => one === plan);
  if (kind === undefined) return null;
  const isText = (value: unknown): value is string => typeof value === 'string' && value !== '' && value.length <= 300;
  return { kind, ...(isText(version) ? { version } : {}), ...(isText(subject) ? { subject } : {}) };
}

/** The zone that the reader asks for, or that the pages' script has told; null for none. */
export function readerZone({ query, headers }: Pick<FastifyRequest, 'query' | 'headers'>): string | null {
  const { zone } = query as { zone?: unknown };
  if (typeof zone === 'string') return zoneOf(zone);
  const told = /(?:^|;\s*)ebb_zone=([^;]*)/.exec(headers.cookie ?? '')?.[1] ?? '';
  try {
    return zoneOf(decodeURIComponent(told));
  } catch {
    return null;
  }
}
