/** Pages of on-call: who is on call, the acknowledge button of an incident, and what is behind the links of pages. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import { Type } from '../type.ts';
import { ServerError } from '../../errors/server-error.ts';
import { schedulesNow, spanOf } from '../../oncall/schedule/schedule-view.ts';
import type { AcknowledgeLink } from '../../oncall/pages/links.ts';
import { acknowledgedPage, acknowledgePage } from '../../pages/acknowledge-page.ts';
import type { Frame } from '../../pages/layout.ts';
import { onCallPage } from '../../pages/oncall-page.ts';
import { utc } from '../../pages/wording.ts';
import type { Context } from '../context.ts';
import type { Guard } from '../guard.ts';

const schema = { hide: true };
const aheadMs = 14 * 86_400_000;
const Link = Type.Object({ link: Type.String({ maxLength: 200 }) });

/** What the routes work with. */
export interface OnCallPageOptions {
  context: Context;
  guard: Guard;
  show: (reply: FastifyReply, frame: Omit<Frame, 'assets'>) => FastifyReply;
}

/** Adds `/oncall`, `/incidents/:id/acknowledge` and `/acknowledgements`, within the plugin of the pages. */
export const onCallPages: FastifyPluginAsyncTypebox<OnCallPageOptions> = async (app, { context, guard, show }) => {
  const { oncall, responders, database, incidents, tokens, now } = context;

  app.get('/oncall', { schema }, async (request, reply) => {
    const caller = await guard(request, 'viewer');
    const nowMs = now();
    const span = { fromMs: nowMs, toMs: nowMs + aheadMs };
    const schedules = [];
    for (const one of await schedulesNow(database.query, oncall.plan, nowMs)) {
      const ahead = await spanOf(database.query, oncall.plan, one.name, span);
      schedules.push({ ...one, shifts: ahead?.shifts ?? [], warnings: ahead?.warnings ?? [] });
    }
    const content = onCallPage({ schedules });
    return show(reply, { title: 'On call', caller, part: 'oncall', content, live: false });
  });

  app.post(
    '/incidents/:id/acknowledge',
    { schema: { ...schema, params: Type.Object({ id: Type.Integer({ minimum: 1 }) }) } },
    async (request, reply) => {
      const { name } = await guard(request, 'responder');
      const { id } = request.params;
      const { isOwn } = await responders.acknowledge(id, { by: name });
      if (isOwn) await tokens.audit(name, 'incident.acknowledge', String(id), now());
      return reply.redirect(`/incidents/${id}`, 303);
    },
  );

  // Whoever has the link may do this one thing: it is signed, and nothing else of the server opens by it. Slack and mail
  // programs look at links by themselves, so that a look changes nothing.
  const readLink = async (link: string): Promise<AcknowledgeLink & { summary: string; resolvedMs: number | null }> => {
    const read = await oncall.links.read(database.query, link, now());
    const incident = read === null ? undefined : await incidents.find(read.incidentId);
    if (read === null || incident === undefined)
      throw new ServerError('EBB_SERVER_NOT_FOUND', 'the link is not valid, or its time is over');
    return { ...read, summary: incident.summary, resolvedMs: incident.resolved_ms };
  };
  app.get('/acknowledgements', { schema: { ...schema, querystring: Link } }, async ({ query: { link } }, reply) => {
    const { incidentId, person, summary, resolvedMs } = await readLink(link);
    if (resolvedMs !== null)
      throw new ServerError('EBB_SERVER_CONFLICT', `incident ${incidentId} was resolved at ${utc(resolvedMs)}`);
    const content = acknowledgePage({ link, person, summary });
    return show(reply, { title: 'Acknowledge', caller: null, part: null, content, live: false });
  });
  app.post('/acknowledgements', { schema: { ...schema, body: Link } }, async ({ body: { link } }, reply) => {
    const { incidentId, person, summary } = await readLink(link);
    const { holder, untilMs, isOwn } = await responders.acknowledge(incidentId, { by: person, how: ' by link' });
    if (isOwn) await tokens.audit(person, 'incident.acknowledge', `${incidentId}, by link`, now());
    const text = isOwn
      ? `You have it until ${utc(untilMs)}. Then you are paged again, if it is still open.`
      : `${holder} was faster, and has it until ${utc(untilMs)}.`;
    const content = acknowledgedPage({ summary, text, incidentId });
    return show(reply, { title: 'Acknowledged', caller: null, part: null, content, live: false });
  });
};
