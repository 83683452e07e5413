/** Who is told of incidents, and what became of it. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from '../type.ts';
import type { NoticeKind } from '../../alerts/channels/message.ts';
import { deliveryLog, type LoggedDelivery } from '../../alerts/outbox/delivery-log.ts';
import { ServerError } from '../../errors/server-error.ts';
import type { Context } from '../context.ts';
import type { Guard } from '../guard.ts';
import { LevelName } from './matcher-schema.ts';

const security = [{ token: [] }];
const tags = ['alerts'];
const TimeMs = Type.Integer({ description: 'Milliseconds since 1970.' });
const Status = Type.Union([Type.Integer({ description: 'Of HTTP or SMTP.' }), Type.Null()]);
type ChannelName = 'webhook' | 'alertmanager' | 'slack' | 'pagerduty' | 'email';
const channels: readonly ChannelName[] = ['webhook', 'alertmanager', 'slack', 'pagerduty', 'email'];
const Receiver = Type.Object({
  name: Type.String(),
  channel: Type.Unsafe<ChannelName>({ type: 'string', enum: [...channels] }),
});
type State = 'waiting' | 'done' | 'muted' | 'failed';
const Attempt = Type.Object({ timeMs: TimeMs, ok: Type.Boolean(), status: Status, detail: Type.String() });
const Delivery = Type.Object({
  key: Type.String({ description: 'What the receiver can tell repetitions by.' }),
  receiver: Type.String(),
  isTest: Type.Boolean(),
  createdMs: TimeMs,
  state: Type.Unsafe<State>({ type: 'string', enum: ['waiting', 'done', 'muted', 'failed'] }),
  nextMs: Type.Union([Type.Integer({ description: 'When it is tried next.' }), Type.Null()]),
  attempts: Type.Integer(),
  notices: Type.Array(
    Type.Object({
      incidentId: Type.Integer(),
      kind: Type.Unsafe<NoticeKind>({
        type: 'string',
        enum: ['opened', 'raised', 'reopened', 'resolved', 'still-open', 'action-due', 'test'],
      }),
      level: LevelName,
      summary: Type.String(),
    }),
  ),
  log: Type.Array(Attempt, { description: 'The newest attempts, oldest first.' }),
});
const Wanted = Type.Object({
  receiver: Type.Optional(Type.String({ maxLength: 100 })),
  incidentId: Type.Optional(Type.Integer({ minimum: 1 })),
  most: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
});
const Tested = Type.Object({ ok: Type.Boolean(), status: Status, detail: Type.String() });

/** Adds `/api/v1/receivers` and `/api/v1/deliveries`. */
export const alertingRoutes: FastifyPluginAsyncTypebox<{ context: Context; guard: Guard }> = async (
  app,
  { context: { alerting, database, tokens, now }, guard },
) => {
  const viewer = async (request: FastifyRequest): Promise<void> => {
    await guard(request, 'viewer');
  };
  app.get(
    '/api/v1/receivers',
    {
      schema: { summary: 'Receivers that the rules name', tags, security, response: { 200: Type.Array(Receiver) } },
      onRequest: viewer,
    },
    async () => [...alerting.rules.receivers.values()].map(({ name, channel: { type } }) => ({ name, channel: type })),
  );
  app.post(
    '/api/v1/receivers/:name/test',
    {
      schema: {
        summary: 'Send a receiver a test, by the way that alerts take, and tell what it answered',
        tags,
        security,
        params: Type.Object({ name: Type.String({ maxLength: 100 }) }),
        response: { 200: Tested },
      },
      onRequest: async (request) => {
        await guard(request, 'admin');
      },
    },
    async (request) => {
      const { name } = request.params;
      if (!alerting.rules.receivers.has(name))
        throw new ServerError('EBB_SERVER_NOT_FOUND', `the rules have no receiver '${name}'`);
      const actor = await guard(request, 'admin');
      const { ok, status, detail } = await alerting.courier.test(name);
      await tokens.audit(actor.name, 'receiver.test', `${name}: ${detail}`, now());
      return { ok, status, detail };
    },
  );
  app.get(
    '/api/v1/deliveries',
    {
      schema: {
        summary: 'What receivers were told, and what they answered, newest first',
        tags,
        security,
        querystring: Wanted,
        response: { 200: Type.Array(Delivery) },
      },
      onRequest: viewer,
    },
    async ({ query: { receiver, incidentId, most } }) =>
      (await deliveryLog(database.query, { receiver, incidentId, most })).map(viewOf),
  );
};

function viewOf({ delivery, notices, attempts }: LoggedDelivery): {
  key: string;
  receiver: string;
  isTest: boolean;
  createdMs: number;
  state: State;
  nextMs: number | null;
  attempts: number;
  notices: { incidentId: number; kind: NoticeKind; level: 'notice' | 'warning' | 'page'; summary: string }[];
  log: { timeMs: number; ok: boolean; status: number | null; detail: string }[];
} {
  return {
    key: delivery.key,
    receiver: delivery.receiver,
    isTest: delivery.kind === 'test',
    createdMs: delivery.created_ms,
    state: delivery.state,
    nextMs: delivery.state === 'waiting' ? delivery.next_ms : null,
    attempts: delivery.attempts,
    notices: notices.map(({ incident_id: incidentId, kind, level, summary }) => ({ incidentId, kind, level, summary })),
    log: attempts.map(({ time_ms: timeMs, ok, status, detail }) => ({ timeMs, ok: ok === 1, status, detail })),
  };
}
