/** Actions: what would be done about a service, what is ordered, and what becomes of it. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from '../type.ts';
import { ServerError } from '../../errors/server-error.ts';
import { actionKinds, actionStates, type ActionKind, type ActionState } from '../../response/action.ts';
import type { ActionStep, ActionTarget } from '../../response/action.ts';
import type { Orderer } from '../../response/response.ts';
import { proofOn, type ActionProof } from '../../attribution/action-proof.ts';
import type { ActionRow } from '../../response/tables.ts';
import type { Context } from '../context.ts';
import type { Guard } from '../guard.ts';

const security = [{ token: [] }];
const tags = ['actions'];
const Kind = Type.Unsafe<ActionKind>({ type: 'string', enum: [...actionKinds] });
// Null first: a validator that makes types fit would make an empty text, a zero or false of it.
const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(
  type: T,
): ReturnType<typeof Type.Union<[ReturnType<typeof Type.Null>, T]>> => Type.Union([Type.Null(), type]);
const Time = Type.Integer({ description: 'Milliseconds since 1970.' });
const wanted = {
  serviceId: Type.Integer({ minimum: 1 }),
  kind: Kind,
  version: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      pattern: '^[^\\u0000-\\u001f]+$',
      description: 'Where to, of a rollback or a roll forward.',
    }),
  ),
  subject: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 300,
      pattern: '^[^\\u0000-\\u001f]+$',
      description: 'The flag to switch off, or the route to shed.',
    }),
  ),
  instances: Type.Optional(
    Type.Array(Type.String({ maxLength: 300 }), { minItems: 1, maxItems: 1000, description: 'Restart these only.' }),
  ),
};
const Wanted = Type.Object(wanted, { additionalProperties: false });
const Order = Type.Object(
  { ...wanted, why: Type.String({ minLength: 1, maxLength: 500, description: 'For whoever reads the timeline.' }) },
  { additionalProperties: false },
);
const Target = Type.Object({
  instance: Type.String(),
  pid: orNull(Type.Integer()),
  version: Type.String(),
  secondsToLimit: orNull(Type.Number()),
});
const Plan = Type.Object({
  kind: Kind,
  service: Type.String(),
  version: orNull(Type.String()),
  subject: orNull(Type.String({ description: 'The flag, the route, or the heap limit in MB.' })),
  allowed: Type.Boolean(),
  refusals: Type.Array(Type.String(), { description: 'What speaks against it.' }),
  advice: Type.Array(Type.String(), { description: 'To be read first.' }),
  steps: Type.Array(Type.String(), { description: 'What would be done, in order.' }),
  targets: Type.Array(Target),
  serving: Type.Integer(),
  leastServing: Type.Integer(),
  budget: orNull(Type.Object({ used: Type.Integer(), of: Type.Integer(), perMs: Type.Integer() })),
});
const stepFields = {
  oldPid: orNull(Type.Integer()),
  newPid: orNull(Type.Integer()),
  leastServing: orNull(Type.Integer({ description: 'How many served at the least meanwhile, where that is known.' })),
  text: Type.String({ maxLength: 2000 }),
};
const Step = Type.Object({ atMs: Time, ...stepFields });
const Bytes = orNull(
  Type.Object(
    { value: Type.Number(), low: Type.Number(), high: Type.Number() },
    { description: 'With an interval of about 95 %.' },
  ),
);
const Proof = Type.Object(
  {
    result: Type.Unsafe<ActionProof['result']>({
      type: 'string',
      enum: ['proven', 'refuted', 'not yet', 'nothing grew'],
      description: '`not yet` also after `byMs`, when too little was seen to tell.',
    }),
    byMs: Type.Integer({ description: 'When it is known, at the latest. Milliseconds since 1970.' }),
    before: Bytes,
    after: Bytes,
    won: orNull(Type.Object({ bytes: Type.Number(), secondsToLimit: Bytes }, { description: 'What a restart gave.' })),
    requestsAreBack: orNull(Type.Boolean({ description: 'Null where too few came to tell.' })),
    suggestsResolving: Type.Boolean({ description: 'The slope is gone, and requests are not known to be worse.' }),
    sentence: Type.String(),
  },
  { description: 'Whether it helped: growth in bytes an hour after it and before it. Null until that was looked at.' },
);
const Action = Type.Object({
  id: Type.Integer(),
  serviceId: Type.Integer(),
  incidentId: orNull(Type.Integer()),
  kind: Kind,
  state: Type.Unsafe<ActionState>({
    type: 'string',
    enum: [...actionStates],
    description: '`unclear`: who carried it out is silent, and nobody knows how far it got.',
  }),
  targets: Type.Array(Target),
  version: orNull(Type.String()),
  subject: orNull(Type.String()),
  leastServing: Type.Integer(),
  why: Type.String(),
  orderedMs: Time,
  orderedBy: Type.String(),
  automatic: Type.Boolean(),
  runner: orNull(Type.String()),
  startedMs: orNull(Time),
  stopReason: orNull(Type.String()),
  endedMs: orNull(Time),
  outcome: orNull(Type.String()),
  steps: Type.Array(Step),
  proof: orNull(Proof),
});
const Id = Type.Object({ id: Type.Integer({ minimum: 1 }) });
const Runner = Type.String({ minLength: 1, maxLength: 200 });
const Name = Type.String({ minLength: 1, maxLength: 200 });

/** Adds `/api/v1/actions`. */
export const responseRoutes: FastifyPluginAsyncTypebox<{ context: Context; guard: Guard }> = async (
  app,
  { context: { response, tokens, now }, guard },
) => {
  const viewer = async (request: FastifyRequest): Promise<void> => {
    await guard(request, 'viewer');
  };
  const responder = async (request: FastifyRequest): Promise<void> => {
    await guard(request, 'responder');
  };
  const ordererOf = async (request: FastifyRequest): Promise<Orderer> => {
    const { name, role } = await guard(request, 'viewer');
    return { name, role: role === 'admin' ? 'admin' : 'responder' };
  };
  const find = async (id: number): Promise<ActionRow> => {
    const row = await response.actions.find(id);
    if (row === undefined) throw new ServerError('EBB_SERVER_NOT_FOUND', `there is no action ${id}`);
    return row;
  };

  app.post(
    '/api/v1/actions/plan',
    {
      schema: {
        summary: 'What an action would do, and what speaks against it; nothing is done',
        ...{ tags, security, body: Wanted, response: { 200: Plan } },
      },
      onRequest: viewer,
    },
    async (request) => await response.plan(request.body, await ordererOf(request)),
  );
  app.post(
    '/api/v1/actions',
    {
      schema: { summary: 'Order an action', tags, security, body: Order, response: { 201: Action } },
      onRequest: responder,
    },
    async (request, reply) => {
      const orderer = await ordererOf(request);
      const row = await response.order(request.body, orderer);
      await tokens.audit(orderer.name, 'action.order', `${row.id}: ${row.kind} of service ${row.service_id}`, now());
      return await reply.code(201).send(viewOf(row));
    },
  );
  app.get(
    '/api/v1/actions',
    {
      schema: {
        summary: 'Actions, newest first',
        tags,
        security,
        querystring: Type.Object({
          serviceId: Type.Optional(Type.Integer({ minimum: 1 })),
          incidentId: Type.Optional(Type.Integer({ minimum: 1 })),
          most: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
        }),
        response: { 200: Type.Array(Action) },
      },
      onRequest: viewer,
    },
    async ({ query }) => (await response.actions.list(query)).map(viewOf),
  );
  app.get(
    '/api/v1/actions/:id',
    { schema: { summary: 'One action', tags, security, params: Id, response: { 200: Action } }, onRequest: viewer },
    async ({ params }) => viewOf(await find(params.id)),
  );
  app.delete(
    '/api/v1/actions/:id',
    {
      schema: {
        summary: 'Cancel an order, or have what is under way stop before its next step',
        tags,
        security,
        params: Id,
        response: { 200: Action },
      },
      onRequest: responder,
    },
    async (request) => {
      const { name } = await guard(request, 'responder');
      const { id } = await find(request.params.id);
      const stopped = await response.actions.stop(id, `cancelled by ${name}`, now());
      if (stopped === 'over') throw new ServerError('EBB_SERVER_NOT_ALLOWED', `action ${id} is over`);
      await tokens.audit(name, 'action.cancel', `${id}: ${stopped ?? ''}`, now());
      return viewOf(await find(id));
    },
  );

  // For `ebb respond`, which carries them out.
  app.post(
    '/api/v1/actions/next',
    {
      schema: {
        summary: 'For runners: the next order that this one can carry out, or nothing',
        tags,
        security,
        body: Type.Object(
          { runner: Runner, service: Name, kinds: Type.Array(Kind, { minItems: 1, maxItems: 10 }), executor: Name },
          { additionalProperties: false },
        ),
        response: { 200: Action, 204: Type.Null() },
      },
      onRequest: responder,
    },
    async ({ body: { runner: name, ...rest } }, reply) => {
      const row = await response.next({ name, ...rest });
      return row === undefined ? await reply.code(204).send(null) : await reply.send(viewOf(row));
    },
  );
  app.post(
    '/api/v1/actions/:id/progress',
    {
      schema: {
        summary: 'For runners: still at it; what was done, and whether to stop',
        tags,
        security,
        params: Id,
        body: Type.Object(
          { runner: Runner, steps: Type.Array(Type.Object(stepFields), { maxItems: 100 }) },
          { additionalProperties: false },
        ),
        response: { 200: Type.Object({ stopReason: orNull(Type.String()) }) },
      },
      onRequest: responder,
    },
    async ({ params: { id }, body: { runner, steps } }) => {
      const atMs = now();
      const told = steps.map((step) => ({ atMs, ...step }));
      const answer = await response.actions.progress({ id, runner, steps: told }, atMs);
      return answer ?? lost(id, runner);
    },
  );
  app.post(
    '/api/v1/actions/:id/end',
    {
      schema: {
        summary: 'For runners: it is over',
        tags,
        security,
        params: Id,
        body: Type.Object(
          { runner: Runner, ok: Type.Boolean(), outcome: Type.String({ minLength: 1, maxLength: 4000 }) },
          { additionalProperties: false },
        ),
        response: { 204: Type.Null() },
      },
      onRequest: responder,
    },
    async ({ params: { id }, body }, reply) => {
      if (!(await response.actions.end({ id, ...body }, now()))) return lost(id, body.runner);
      await tokens.audit(body.runner, body.ok ? 'action.done' : 'action.failed', `${id}: ${body.outcome}`, now());
      return await reply.code(204).send(null);
    },
  );
};

function lost(id: number, runner: string): never {
  throw new ServerError('EBB_SERVER_NOT_ALLOWED', `action ${id} is not carried out by ${runner}, or is over`);
}

function viewOf(row: ActionRow) {
  return {
    id: row.id,
    serviceId: row.service_id,
    incidentId: row.incident_id,
    kind: row.kind,
    state: row.state,
    targets: JSON.parse(row.targets) as ActionTarget[],
    version: row.version,
    subject: row.subject,
    leastServing: row.least_serving,
    why: row.why,
    orderedMs: row.ordered_ms,
    orderedBy: row.ordered_by,
    automatic: row.automatic === 1,
    runner: row.runner,
    startedMs: row.started_ms,
    stopReason: row.stop_reason,
    endedMs: row.ended_ms,
    outcome: row.outcome,
    steps: JSON.parse(row.steps) as ActionStep[],
    proof: proofOn(row),
  };
}
