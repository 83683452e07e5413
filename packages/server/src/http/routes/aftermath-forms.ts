/** What forms of a postmortem's page ask for about action items and the review. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import { Type } from '../type.ts';
import { ServerError } from '../../errors/server-error.ts';
import { actionKinds, type ActionKind } from '../../postmortem/action-kind.ts';
import type { Doer } from '../../postmortem/aftermath.ts';
import { newItem } from '../../postmortem/new-item.ts';
import type { Context } from '../context.ts';

/** Does what a form asks for, and shows the page again: with what was wrong, where something was. */
export type Act = (
  request: FastifyRequest,
  reply: FastifyReply,
  incidentId: number,
  work: (by: Doer) => Promise<unknown>,
) => Promise<FastifyReply>;

const schema = { hide: true };
const Id = { id: Type.Integer({ minimum: 1 }) };
const Item = Type.Object({ ...Id, item: Type.Integer({ minimum: 1 }) });
const Text = Type.String({ maxLength: 2000, default: '' });
const NewItem = Type.Object({
  kind: Type.Unsafe<ActionKind>({ type: 'string', enum: [...actionKinds] }),
  ...{ title: Text, owner: Text, due: Text, tracker: Text, fingerprint: Text },
});
const Changed = Type.Object({ owner: Text, due: Text, tracker: Text });
const Proof = Type.Object({ document: Type.String() });
const Dropped = Type.Object({ why: Text });
const Review = Type.Object({
  starts: Text,
  minutes: Type.String({ pattern: '^[0-9]{1,3}$' }),
  attendees: Type.String({ maxLength: 5000, default: '' }),
});
const addressForm = /^[^@\s<>]+@[^@\s<>]+$/;
const mostInvited = 50;

/** Adds the forms below `/incidents/:id/postmortem`. */
export const aftermathForms: FastifyPluginAsyncTypebox<{ context: Context; act: Act }> = async (
  app,
  { context: { postmortems, aftermath }, act },
) => {
  const base = '/incidents/:id/postmortem';
  const options = <Params extends TSchema, Body extends TSchema>(params: Params, body: Body) => ({
    schema: { ...schema, params, body },
  });
  app.post(`${base}/action-items`, options(Type.Object(Id), NewItem), async (request, reply) => {
    const { id } = request.params;
    const { kind, title, owner, due, tracker, fingerprint } = request.body;
    return await act(request, reply, id, async (by) => {
      const told = {
        ...{ kind, title, owner, trackerUrl: tracker === '' ? null : tracker },
        ...(fingerprint === '' ? {} : { fingerprint }),
        ...(due === '' ? {} : { dueMs: endOfDay(due) }),
      };
      await aftermath.add(id, await newItem(postmortems, id, told, by.nowMs), by);
    });
  });
  app.post(`${base}/action-items/:item`, options(Item, Changed), async (request, reply) => {
    const { id, item } = request.params;
    const { owner, due, tracker } = request.body;
    return await act(request, reply, id, async (by) => {
      const dueMs = due === '' ? {} : { dueMs: endOfDay(due) };
      await aftermath.change(item, { owner, trackerUrl: tracker === '' ? null : tracker, ...dueMs }, by);
    });
  });
  app.post(`${base}/action-items/:item/proof`, options(Item, Proof), async (request, reply) => {
    const { id, item } = request.params;
    return await act(request, reply, id, async (by) => {
      await aftermath.prove(item, jsonOf(request.body.document), by);
    });
  });
  app.post(`${base}/action-items/:item/drop`, options(Item, Dropped), async (request, reply) => {
    const { id, item } = request.params;
    return await act(request, reply, id, async (by) => {
      await aftermath.drop(item, request.body.why, by);
    });
  });
  app.post(`${base}/review`, options(Type.Object(Id), Review), async (request, reply) => {
    const { id } = request.params;
    const { starts, minutes, attendees } = request.body;
    return await act(request, reply, id, async (by) => {
      const told = { startsMs: timeOf(`${starts}Z`), minutes: minutesOf(minutes), attendees: addressesIn(attendees) };
      await aftermath.schedule(id, told, { ...by, isPerson: true });
    });
  });
  app.post(`${base}/review/drop`, options(Type.Object(Id), Dropped), async (request, reply) => {
    const { id } = request.params;
    return await act(request, reply, id, async (by) => {
      await aftermath.dropReview(id, request.body.why, by);
    });
  });
};

/** Due on a day is until its end. */
function endOfDay(date: string): number {
  return timeOf(`${date}T23:59:00Z`);
}

function timeOf(text: string): number {
  const timeMs = Date.parse(text);
  if (Number.isNaN(timeMs)) throw bad(`'${text.slice(0, 40)}' is no date and time`);
  return timeMs;
}

function minutesOf(text: string): number {
  const minutes = Number(text);
  if (minutes < 5 || minutes > 480) throw bad('a review has from 5 to 480 minutes');
  return minutes;
}

function addressesIn(text: string): string[] {
  const all = text.split(/[\s,;]+/).filter((one) => one !== '');
  const wrong = all.find((one) => !addressForm.test(one) || one.length > 200);
  if (wrong !== undefined) throw bad(`'${wrong.slice(0, 100)}' is no address like ada@example.com`);
  if (all.length > mostInvited) throw bad(`more than ${mostInvited} addresses`);
  return all;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw bad('what was pasted is no JSON: give what the command prints with --json');
  }
}

function bad(message: string): ServerError {
  return new ServerError('EBB_SERVER_BAD_REQUEST', message);
}
