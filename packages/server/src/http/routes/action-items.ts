/** Reviews and action items: when people meet, who does what until when, and the proof that it is done. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from '../type.ts';
import { ServerError } from '../../errors/server-error.ts';
import { actionKinds, type ActionKind } from '../../postmortem/action-kind.ts';
import type { Doer } from '../../postmortem/aftermath.ts';
import { newItem } from '../../postmortem/new-item.ts';
import type { ActionItemRow } from '../../postmortem/tables.ts';
import { usualMinutes } from '../../postmortem/review.ts';
import type { Context } from '../context.ts';
import type { Guard } from '../guard.ts';
import { addressIn } from '../../postmortem/letters/addresses.ts';
import { addressOf } from '../public-address.ts';

const security = [{ token: [] }];
const tags = ['postmortems'];
const strict = { additionalProperties: false };
const Id = Type.Object({ id: Type.Integer({ minimum: 1 }) });
const TimeMs = Type.Integer({ description: 'Milliseconds since 1970.' });
const TextOrNull = Type.Union([Type.String(), Type.Null()]);
const Kind = Type.Unsafe<ActionKind>({
  type: 'string',
  enum: [...actionKinds],
  description: 'What is to catch the leak.',
});
const Item = Type.Object({
  id: Type.Integer(),
  incidentId: Type.Integer(),
  kind: Kind,
  title: Type.String(),
  fingerprint: TextOrNull,
  owner: Type.String({ description: 'Empty: nobody.' }),
  dueMs: TimeMs,
  trackerUrl: TextOrNull,
  state: Type.Unsafe<ActionItemRow['state']>({ type: 'string', enum: ['open', 'proved', 'dropped'] }),
  proof: Type.Union([Type.String(), Type.Null()], { description: 'What proved it, or why it was dropped.' }),
  endedBy: TextOrNull,
});
const Owner = Type.String({ maxLength: 100 });
const Tracker = Type.Union([Type.String({ maxLength: 2000 }), Type.Null()]);
const NewItem = Type.Object(
  {
    kind: Kind,
    title: Type.String({ minLength: 1, maxLength: 500 }),
    fingerprint: Type.Optional(Type.String({ maxLength: 500, description: "Default: that of the incident's leak." })),
    owner: Type.Optional(Owner),
    dueMs: Type.Optional(Type.Integer({ description: 'Default: in four weeks.' })),
    trackerUrl: Type.Optional(Tracker),
  },
  strict,
);
const Changed = Type.Object(
  { owner: Type.Optional(Owner), dueMs: Type.Optional(Type.Integer()), trackerUrl: Type.Optional(Tracker) },
  strict,
);
const Review = Type.Object({
  startsMs: TimeMs,
  minutes: Type.Integer(),
  attendees: Type.Array(Type.String()),
  droppedWhy: Type.Union([Type.String(), Type.Null()], { description: 'Why it does not take place; null: it does.' }),
});
const NewReview = Type.Object(
  {
    startsMs: TimeMs,
    minutes: Type.Integer({ minimum: 5, maximum: 480, default: usualMinutes }),
    attendees: Type.Optional(
      Type.Array(Type.String({ maxLength: 200, pattern: '^[^@\\s<>]+@[^@\\s<>]+$' }), {
        maxItems: 50,
        description: 'Who is on it no more gets a mail that says so. Default: those who were invited so far.',
      }),
    ),
  },
  strict,
);
const Why = Type.Object({ why: Type.String({ minLength: 1, maxLength: 500 }) }, strict);
const Made = Type.Object({ id: Type.Integer() });

/** Adds `/api/v1/action-items`, and what belongs to one incident below `/api/v1/incidents/:id/postmortem`. */
export const actionItemRoutes: FastifyPluginAsyncTypebox<{ context: Context; guard: Guard }> = async (
  app,
  { context: { postmortems, aftermath, incidents, oncall, publicUrl, now }, guard },
) => {
  const viewer = async (request: FastifyRequest): Promise<void> => {
    await guard(request, 'viewer');
  };
  const responder = async (request: FastifyRequest): Promise<void> => {
    await guard(request, 'responder');
  };
  const doer = async (request: FastifyRequest): Promise<Doer> => {
    const { name } = await guard(request, 'responder');
    return { name, nowMs: now() };
  };
  const base = '/api/v1/incidents/:id/postmortem';
  app.get(
    '/api/v1/action-items',
    {
      schema: {
        summary: 'Action items that are open, those that are due first',
        tags,
        security,
        response: { 200: Type.Array(Item) },
      },
      onRequest: viewer,
    },
    async () => (await aftermath.items()).map(viewOf),
  );
  app.get(
    `${base}/action-items`,
    {
      schema: {
        summary: 'Action items of an incident',
        tags,
        security,
        params: Id,
        response: { 200: Type.Array(Item) },
      },
      onRequest: viewer,
    },
    async ({ params: { id } }) => (await aftermath.items(id)).map(viewOf),
  );
  app.post(
    `${base}/action-items`,
    {
      schema: { summary: 'Add an action item', tags, security, params: Id, body: NewItem, response: { 201: Made } },
      onRequest: responder,
    },
    async (request, reply) => {
      const by = await doer(request);
      const { id: incidentId } = request.params;
      const item = await newItem(postmortems, incidentId, request.body, by.nowMs);
      const id = await aftermath.add(incidentId, item, by);
      return await reply.code(201).send({ id });
    },
  );
  app.patch(
    '/api/v1/action-items/:id',
    {
      schema: {
        summary: 'Change owner, date or tracker',
        tags,
        security,
        params: Id,
        body: Changed,
        response: { 200: Made },
      },
      onRequest: responder,
    },
    async (request) => {
      const { id } = request.params;
      await aftermath.change(id, request.body, await doer(request));
      return { id };
    },
  );
  app.post(
    '/api/v1/action-items/:id/proof',
    {
      schema: {
        summary: 'Close an action item by a proof that its leak is caught',
        description:
          'The body is what `ebb review --json`, `ebb test --json` or `ebb soak --json` prints where the leak is replayed; for an alert, what the webhook sends, or `{"incidentId": …}` of the incident that the replay became.',
        tags,
        security,
        params: Id,
        body: Type.Unknown(),
        response: { 200: Type.Object({ proved: Type.String() }) },
      },
      onRequest: responder,
    },
    async (request) => ({ proved: await aftermath.prove(request.params.id, request.body, await doer(request)) }),
  );
  app.post(
    '/api/v1/action-items/:id/drop',
    {
      schema: {
        summary: 'Give an action item up, with a reason',
        tags,
        security,
        params: Id,
        body: Why,
        response: { 200: Made },
      },
      onRequest: responder,
    },
    async (request) => {
      const { id } = request.params;
      await aftermath.drop(id, request.body.why, await doer(request));
      return { id };
    },
  );
  app.get(
    `${base}/review`,
    {
      schema: {
        summary: 'When the review is',
        tags,
        security,
        params: Id,
        response: { 200: Type.Object({ review: Type.Union([Review, Type.Null()]) }) },
      },
      onRequest: viewer,
    },
    async ({ params: { id } }) => {
      const row = await aftermath.review(id);
      if (row === undefined) return { review: null };
      const { starts_ms: startsMs, minutes, dropped_why: droppedWhy } = row;
      return { review: { startsMs, minutes, attendees: JSON.parse(row.attendees) as string[], droppedWhy } };
    },
  );
  app.put(
    `${base}/review`,
    {
      schema: {
        summary: 'Say when the review is: within seven days of the end of the incident',
        tags,
        security,
        params: Id,
        body: NewReview,
        response: { 200: Made },
      },
      onRequest: responder,
    },
    async (request) => {
      const { id } = request.params;
      await aftermath.schedule(id, request.body, { ...(await doer(request)), isPerson: true });
      return { id };
    },
  );
  app.post(
    `${base}/review/drop`,
    {
      schema: {
        summary:
          'Say that the review does not take place: who was invited gets a mail, and it is not set again by itself',
        tags,
        security,
        params: Id,
        body: Why,
        response: { 200: Made },
      },
      onRequest: responder,
    },
    async (request) => {
      const { id } = request.params;
      await aftermath.dropReview(id, request.body.why, await doer(request));
      return { id };
    },
  );
  app.get(
    `${base}/review.ics`,
    {
      schema: { summary: 'The invitation to the review, or what takes it back (RFC 5545)', tags, security, params: Id },
      onRequest: viewer,
    },
    async (request, reply) => {
      const { id } = request.params;
      const row = await aftermath.review(id);
      if (row === undefined) throw new ServerError('EBB_SERVER_NOT_FOUND', `incident ${id} has no review yet`);
      const { document } = await postmortems.read(id);
      // Loaded here: who invites nobody does without the library.
      const { cancellationOf, invitationOf } = await import('../../postmortem/invitation.ts');
      const { opened_ms: openedMs } = await incidents.get(id);
      const told = {
        ...{ incidentId: id, openedMs, startsMs: row.starts_ms, minutes: row.minutes, sequence: row.sequence },
        title: document.title,
        attendees: JSON.parse(row.attendees) as string[],
        organizer: addressIn(oncall.plan.mail?.from ?? null),
        changedMs: row.changed_ms,
        link: `${addressOf(request, publicUrl)}/incidents/${id}/postmortem`,
      };
      const text = row.dropped_why === null ? invitationOf(told) : cancellationOf(told, { isDropped: true });
      return await reply
        .type('text/calendar; charset=utf-8')
        .header('content-disposition', `attachment; filename="review-${id}.ics"`)
        .send(text);
    },
  );
};

function viewOf(row: ActionItemRow): {
  id: number;
  incidentId: number;
  kind: ActionKind;
  title: string;
  fingerprint: string | null;
  owner: string;
  dueMs: number;
  trackerUrl: string | null;
  state: ActionItemRow['state'];
  proof: string | null;
  endedBy: string | null;
} {
  const { id, incident_id: incidentId, kind, title, fingerprint, owner, due_ms: dueMs, state, proof } = row;
  return {
    id,
    incidentId,
    kind,
    title,
    fingerprint,
    owner,
    dueMs,
    trackerUrl: row.tracker_url,
    state,
    proof,
    endedBy: row.ended_by,
  };
}
