/** What people do with incidents: notes, hypotheses, roles, resolving them; and how a service stands, measured. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from '../type.ts';
import { longestName, longestNote, longestReason, type By } from '../../incident/desk.ts';
import { measureState, type MeasuredState } from '../../incident/measured-state.ts';
import { incidentRoles, type IncidentRole } from '../../incident/role.ts';
import type { Context } from '../context.ts';
import type { Guard } from '../guard.ts';

const security = [{ token: [] }];
const tags = ['incidents'];
const count = { type: 'number' };
const countOrNull = { anyOf: [count, { type: 'null' }] };
const Id = Type.Object({ id: Type.Integer({ minimum: 1 }) });
const strict = { additionalProperties: false };
const Made = Type.Object({ id: Type.Integer() });
const PastMs = Type.Optional(Type.Integer({ minimum: 1, maximum: 8.64e15, description: 'When it was; default: now.' }));
const NewNote = Type.Object({ text: Type.String({ minLength: 1, maxLength: longestNote }), timeMs: PastMs }, strict);
const NewHypothesis = Type.Object(
  {
    title: Type.String({ minLength: 1, maxLength: longestReason }),
    why: Type.Optional(Type.String({ maxLength: longestReason })),
    changeId: Type.Optional(Type.Integer({ minimum: 1 })),
    sinceMs: PastMs,
  },
  strict,
);
const Decided = Type.Object(
  {
    state: Type.Unsafe<'exonerated' | 'confirmed'>({ type: 'string', enum: ['exonerated', 'confirmed'] }),
    why: Type.String({ minLength: 1, maxLength: longestReason }),
  },
  strict,
);
const State = Type.Unsafe<MeasuredState>({
  type: 'object',
  properties: {
    atMs: { type: 'integer' },
    processes: count,
    growing: count,
    undecided: { ...count, description: 'Too young to be judged.' },
    isProven: { type: 'boolean', description: 'What was done last is proven to have helped.' },
    bytesPerSecond: countOrNull,
    interval: { anyOf: [{ type: 'array', items: count }, { type: 'null' }] },
    failingShare: countOrNull,
    isImpactGoingOn: { type: 'boolean' },
    alerts: { type: 'array', items: { type: 'string' } },
    isRecovered: { type: 'boolean' },
    sentence: { type: 'string' },
  },
});

/** Adds what is written under `/api/v1/incidents/:id`. */
export const incidentWorkRoutes: FastifyPluginAsyncTypebox<{ context: Context; guard: Guard }> = async (
  app,
  { context: { incidents, desk, fleet, routes, signals, attributions, now }, guard },
) => {
  const measure = async (id: number): Promise<MeasuredState> => {
    const { service_id: serviceId, opened_ms: openedMs } = await incidents.get(id);
    return await measureState({ fleet, routes, signals, attributions }, { id, serviceId, openedMs }, now());
  };
  app.get(
    '/api/v1/incidents/:id/state',
    {
      schema: {
        summary: "How an incident's service stands now: what grows, how fast, what share of requests is slow or fails",
        tags,
        security,
        params: Id,
        response: { 200: State },
      },
      onRequest: async (request) => {
        await guard(request, 'viewer');
      },
    },
    async ({ params: { id } }) => await measure(id),
  );
  const responder = async (request: FastifyRequest): Promise<By> => {
    const { name } = await guard(request, 'responder');
    return { name, nowMs: now() };
  };
  const responderOnly = async (request: FastifyRequest): Promise<void> => {
    await guard(request, 'responder');
  };
  app.post(
    '/api/v1/incidents/:id/notes',
    {
      schema: {
        summary: 'Write a note on the timeline',
        tags,
        security,
        params: Id,
        body: NewNote,
        response: { 201: Made },
      },
      onRequest: responderOnly,
    },
    async (request, reply) => {
      const { text, timeMs } = request.body;
      const { id } = request.params;
      await desk.note(id, { text, ...(timeMs === undefined ? {} : { timeMs }) }, await responder(request));
      return await reply.code(201).send({ id });
    },
  );
  app.post(
    '/api/v1/incidents/:id/hypotheses',
    {
      schema: {
        summary: 'Suspect something',
        tags,
        security,
        params: Id,
        body: NewHypothesis,
        response: { 201: Made },
      },
      onRequest: responderOnly,
    },
    async (request, reply) => {
      const id = await desk.suspect(request.params.id, request.body, await responder(request));
      return await reply.code(201).send({ id });
    },
  );
  app.post(
    '/api/v1/incidents/:id/hypotheses/:hypothesisId',
    {
      schema: {
        summary: 'Exonerate or confirm what was suspected',
        tags,
        security,
        params: Type.Object({ id: Type.Integer({ minimum: 1 }), hypothesisId: Type.Integer({ minimum: 1 }) }),
        body: Decided,
        response: { 200: Made },
      },
      onRequest: responderOnly,
    },
    async (request) => {
      const { id, hypothesisId } = request.params;
      await desk.decide(id, hypothesisId, request.body, await responder(request));
      return { id: hypothesisId };
    },
  );
  app.put(
    '/api/v1/incidents/:id/roles/:role',
    {
      schema: {
        summary: 'Say who has a role; an empty name: nobody',
        tags,
        security,
        params: Type.Object({
          id: Type.Integer({ minimum: 1 }),
          role: Type.Unsafe<IncidentRole>({ type: 'string', enum: [...incidentRoles] }),
        }),
        body: Type.Object({ name: Type.String({ maxLength: longestName }) }, strict),
        response: { 200: Made },
      },
      onRequest: responderOnly,
    },
    async (request) => {
      const { id, role } = request.params;
      await desk.assign(id, role, request.body.name, await responder(request));
      return { id };
    },
  );
  app.post(
    '/api/v1/incidents/:id/resolve',
    {
      schema: {
        summary: 'Resolve an incident by hand',
        description: 'The measured state is written on its timeline. Without recovery it needs a reason.',
        tags,
        security,
        params: Id,
        body: Type.Object({ reason: Type.Optional(Type.String({ maxLength: longestReason })) }, strict),
        response: { 200: Type.Object({ state: State }) },
      },
      onRequest: responderOnly,
    },
    async (request) => {
      const { id } = request.params;
      const state = await measure(id);
      const { reason } = request.body;
      await desk.resolve(id, { state, ...(reason === undefined ? {} : { reason }) }, await responder(request));
      return { state };
    },
  );
};
