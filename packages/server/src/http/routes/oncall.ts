/** Who is on call, who is paged for an incident, and what people answer. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from '../type.ts';
import { ServerError } from '../../errors/server-error.ts';
import { endOverride, makeOverride } from '../../oncall/overrides/override-store.ts';
import type { Target } from '../../oncall/plan/plan.ts';
import { schedulesNow, spanOf } from '../../oncall/schedule/schedule-view.ts';
import type { EscalationState, PageRow } from '../../oncall/tables.ts';
import type { Context } from '../context.ts';
import type { Guard } from '../guard.ts';

const security = [{ token: [] }];
const tags = ['on call'];
const dayMs = 86_400_000;
const longestSpanMs = 366 * dayMs;
const longestOverrideMs = 31 * dayMs;
const TimeMs = Type.Integer({ description: 'Milliseconds since 1970.' });
const TimeOrNull = Type.Union([TimeMs, Type.Null()]);
const People = Type.Array(Type.String({ maxLength: 60 }));
const Shift = Type.Object({
  fromMs: TimeMs,
  toMs: TimeMs,
  people: Type.Array(Type.String(), { description: 'Nobody in a gap.' }),
});
const Warning = Type.Object({ atMs: TimeMs, text: Type.String() });
const ScheduleNow = Type.Object({
  name: Type.String(),
  zone: Type.String(),
  now: Type.Array(Type.String()),
  untilMs: TimeOrNull,
  next: Type.Union([Shift, Type.Null()], { description: 'The shift after this one, within a month.' }),
});
const Override = Type.Object({
  id: Type.Integer(),
  schedule: Type.String(),
  people: People,
  fromMs: TimeMs,
  toMs: TimeMs,
  why: Type.String(),
  createdBy: Type.String(),
});
const Span = Type.Object({
  name: Type.String(),
  zone: Type.String(),
  shifts: Type.Array(Shift),
  warnings: Type.Array(Warning),
  overrides: Type.Array(Override),
});
const Name = Type.Object({ name: Type.String({ maxLength: 60 }) });
const Id = Type.Object({ id: Type.Integer({ minimum: 1 }) });
const NewOverride = Type.Object(
  {
    people: Type.Array(Type.String({ maxLength: 60 }), { minItems: 1, maxItems: 10 }),
    fromMs: Type.Optional(Type.Integer({ description: 'Default: now.' })),
    toMs: Type.Integer({ description: '31 days after its start at most.' }),
    why: Type.String({ minLength: 1, maxLength: 500 }),
  },
  { additionalProperties: false },
);
const TargetShape = Type.Unsafe<Target>({
  type: 'object',
  required: ['kind', 'name'],
  additionalProperties: false,
  properties: {
    kind: { type: 'string', enum: ['person', 'schedule', 'team'] },
    name: { type: 'string', maxLength: 60 },
  },
});
const Tested = Type.Object({
  ways: Type.Array(
    Type.Object({
      way: Type.String(),
      ok: Type.Boolean(),
      status: Type.Union([Type.Integer(), Type.Null()]),
      detail: Type.String(),
    }),
  ),
});
const states: readonly EscalationState[] = ['paging', 'acknowledged', 'muted', 'exhausted', 'over'];
const pageStates: readonly PageRow['state'][] = ['waiting', 'told', 'unreached', 'cancelled'];
const Escalation = Type.Object({
  state: Type.Unsafe<EscalationState | null>({ anyOf: [{ type: 'string', enum: [...states] }, { type: 'null' }] }),
  policy: Type.Union([Type.String(), Type.Null()]),
  step: Type.Union([Type.Integer({ description: 'From 1.' }), Type.Null()]),
  round: Type.Union([Type.Integer({ description: 'From 1.' }), Type.Null()]),
  holder: Type.Union([Type.String(), Type.Null()], { description: 'Who has acknowledged it, or was given it.' }),
  dueMs: Type.Union([TimeMs, Type.Null()], { description: 'When it goes on by itself.' }),
  pages: Type.Array(
    Type.Object({
      person: Type.String(),
      why: Type.String(),
      timeMs: TimeMs,
      state: Type.Unsafe<PageRow['state']>({ type: 'string', enum: [...pageStates] }),
    }),
    { description: 'Newest first.' },
  ),
});
const Acknowledge = Type.Object(
  { forMs: Type.Optional(Type.Integer({ minimum: 60_000, maximum: dayMs })) },
  { additionalProperties: false },
);
const Acknowledged = Type.Object({
  holder: Type.String(),
  untilMs: TimeMs,
  isOwn: Type.Boolean({ description: 'False when somebody else was faster.' }),
});
const Paged = Type.Object({ people: Type.Array(Type.String()) });

/** Adds `/api/v1/oncall` and what people do about incidents. */
export const onCallRoutes: FastifyPluginAsyncTypebox<{ context: Context; guard: Guard }> = async (
  app,
  { context: { oncall, responders, alerting, database, incidents, tokens, now }, guard },
) => {
  const viewer = async (request: FastifyRequest): Promise<void> => {
    await guard(request, 'viewer');
  };
  const responder = async (request: FastifyRequest): Promise<void> => {
    await guard(request, 'responder');
  };
  app.get(
    '/api/v1/oncall',
    {
      schema: {
        summary: 'Who is on call now, and who is next',
        tags,
        security,
        response: {
          200: Type.Object({ schedules: Type.Array(ScheduleNow), people: People, policies: People }),
        },
      },
      onRequest: viewer,
    },
    async () => {
      const { plan } = oncall;
      const schedules = await schedulesNow(database.query, plan, now());
      return { schedules, people: [...plan.people.keys()], policies: [...plan.policies.keys()] };
    },
  );
  app.get(
    '/api/v1/oncall/schedules/:name',
    {
      schema: {
        summary: 'A schedule from when to when, and what to be warned of',
        tags,
        security,
        params: Name,
        querystring: Type.Object({
          fromMs: Type.Optional(Type.Integer({ description: 'Default: now.' })),
          toMs: Type.Optional(Type.Integer({ description: 'Default: two weeks later; a year at most.' })),
        }),
        response: { 200: Span },
      },
      onRequest: viewer,
    },
    async ({ params: { name }, query }) => {
      const fromMs = query.fromMs ?? now();
      const toMs = query.toMs ?? fromMs + 14 * dayMs;
      if (toMs <= fromMs || toMs - fromMs > longestSpanMs)
        throw bad('a span is a year at most, and ends after it begins');
      const span = await spanOf(database.query, oncall.plan, name, { fromMs, toMs });
      if (span === undefined) throw new ServerError('EBB_SERVER_NOT_FOUND', `the plan has no schedule '${name}'`);
      return span;
    },
  );
  app.post(
    '/api/v1/oncall/schedules/:name/overrides',
    {
      schema: {
        summary: 'Others are on call for a while',
        tags,
        security,
        params: Name,
        body: NewOverride,
        response: { 201: Override },
      },
      onRequest: responder,
    },
    async (request, reply) => {
      const { name: schedule } = request.params;
      const nowMs = now();
      const { people, fromMs = nowMs, toMs, why } = request.body;
      const { plan } = oncall;
      if (!plan.schedules.has(schedule))
        throw new ServerError('EBB_SERVER_NOT_FOUND', `the plan has no schedule '${schedule}'`);
      const stranger = people.find((person) => !plan.people.has(person));
      if (stranger !== undefined) throw bad(`the plan has nobody called '${stranger}'`);
      if (toMs <= fromMs || toMs <= nowMs || toMs - fromMs > longestOverrideMs)
        throw bad('an override ends after it starts, not before now, and lasts 31 days at most');
      const { name } = await guard(request, 'responder');
      const made = await makeOverride(database.query, { schedule, people, fromMs, toMs, why, createdBy: name, nowMs });
      await tokens.audit(name, 'oncall.override', `${made.id}: ${schedule}, ${people.join(', ')}`, nowMs);
      return await reply.code(201).send({ ...made, people: [...made.people] });
    },
  );
  app.delete(
    '/api/v1/oncall/overrides/:id',
    {
      schema: { summary: 'End an override now', tags, security, params: Id, response: { 204: Type.Null() } },
      onRequest: responder,
    },
    async (request, reply) => {
      const { id } = request.params;
      const by = { name: (await guard(request, 'responder')).name, nowMs: now() };
      if (!(await endOverride(database.query, id, by)))
        throw new ServerError('EBB_SERVER_NOT_FOUND', `there is no override ${id} that is not over`);
      await tokens.audit(by.name, 'oncall.override.end', String(id), by.nowMs);
      return await reply.code(204).send(null);
    },
  );
  app.post(
    '/api/v1/oncall/people/:name/test',
    {
      schema: {
        summary: 'Send somebody a test by each of their ways, and tell what came of it',
        tags,
        security,
        params: Name,
        response: { 200: Tested },
      },
      onRequest: responder,
    },
    async (request) => {
      const person = oncall.plan.people.get(request.params.name);
      if (person === undefined)
        throw new ServerError('EBB_SERVER_NOT_FOUND', `the plan has nobody called '${request.params.name}'`);
      const actor = await guard(request, 'responder');
      const ways = [];
      for (const { name, channel } of person.reach) {
        const { ok, status, detail } = await alerting.courier.test(name);
        ways.push({ way: channel.type, ok, status, detail });
      }
      const told = ways.map(({ way, ok }) => `${way} ${ok ? 'took it' : 'failed'}`).join(', ');
      await tokens.audit(actor.name, 'oncall.test', `${person.name}: ${told}`, now());
      return { ways };
    },
  );
  app.get(
    '/api/v1/incidents/:id/escalation',
    {
      schema: {
        summary: 'Who is paged for an incident, and how far that has come',
        description: 'The state is null where nobody was paged, and nobody has acknowledged.',
        tags,
        security,
        params: Id,
        response: { 200: Escalation },
      },
      onRequest: viewer,
    },
    async ({ params: { id } }) => {
      if ((await incidents.find(id)) === undefined)
        throw new ServerError('EBB_SERVER_NOT_FOUND', `there is no incident ${id}`);
      const found = await responders.escalationOf(id);
      if (found === undefined)
        return { state: null, policy: null, step: null, round: null, holder: null, dueMs: null, pages: [] };
      const { state, policy, step, round, holder, due_ms: dueMs } = found.row;
      const pages = found.pages.map((page) => ({
        person: page.person,
        why: page.why,
        timeMs: page.created_ms,
        state: page.state,
      }));
      return { state, policy, step: Math.max(0, step) + 1, round: round + 1, holder, dueMs, pages };
    },
  );
  app.post(
    '/api/v1/incidents/:id/acknowledge',
    {
      schema: {
        summary: 'Take care of an incident: nobody else is paged until the time is over',
        tags,
        security,
        params: Id,
        body: Type.Union([Acknowledge, Type.Null()]),
        response: { 200: Acknowledged },
      },
      onRequest: responder,
    },
    async (request) => {
      const { id } = request.params;
      const { name } = await guard(request, 'responder');
      const forMs = request.body?.forMs;
      const done = await responders.acknowledge(id, { by: name, ...(forMs === undefined ? {} : { forMs }) });
      if (done.isOwn) await tokens.audit(name, 'incident.acknowledge', String(id), now());
      return done;
    },
  );
  app.post(
    '/api/v1/incidents/:id/reassign',
    {
      schema: {
        summary: 'Give an incident to somebody, who is paged',
        tags,
        security,
        params: Id,
        body: Type.Object({ to: TargetShape }, { additionalProperties: false }),
        response: { 200: Paged },
      },
      onRequest: responder,
    },
    async (request) => {
      const { id } = request.params;
      const { name } = await guard(request, 'responder');
      const people = await responders.reassign(id, { by: name, to: [request.body.to] });
      await tokens.audit(name, 'incident.reassign', `${id}: ${people.join(', ')}`, now());
      return { people };
    },
  );
  app.post(
    '/api/v1/incidents/:id/responders',
    {
      schema: {
        summary: 'Call others in',
        tags,
        security,
        params: Id,
        body: Type.Object(
          { add: Type.Array(TargetShape, { minItems: 1, maxItems: 20 }) },
          { additionalProperties: false },
        ),
        response: { 200: Paged },
      },
      onRequest: responder,
    },
    async (request) => {
      const { id } = request.params;
      const { name } = await guard(request, 'responder');
      const people = await responders.addResponders(id, { by: name, add: request.body.add });
      await tokens.audit(name, 'incident.responders', `${id}: ${people.join(', ')}`, now());
      return { people };
    },
  );
};

function bad(message: string): ServerError {
  return new ServerError('EBB_SERVER_BAD_REQUEST', message);
}
