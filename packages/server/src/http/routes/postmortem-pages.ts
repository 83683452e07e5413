/** The page of a postmortem, and its forms. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from '../type.ts';
import type { Caller } from '../../access/caller.ts';
import { mayAct } from '../../access/token.ts';
import { teamOf } from '../../incident/team.ts';
import { Clock } from '../../incident/zone.ts';
import { Markup } from '../../pages/html.ts';
import { postmortemPage } from '../../pages/postmortem-page.ts';
import { sectionIds, type SectionId } from '../../postmortem/document.ts';
import { figuresOf, markdownOf } from '../../postmortem/postmortem-desk.ts';
import type { Context } from '../context.ts';
import { answerForm } from '../form-answer.ts';
import { aftermathForms, type Act } from './aftermath-forms.ts';
import { readerZone, type Reader, type Show } from './incident-pages.ts';

const schema = { hide: true };
const Id = Type.Object({ id: Type.Integer({ minimum: 1 }) });
const Which = Type.Object({ version: Type.Optional(Type.Integer({ minimum: 1 })), zone: Type.Optional(Type.String()) });
const Form = Type.Object({
  section: Type.Unsafe<SectionId>({ type: 'string', enum: [...sectionIds] }),
  after: Type.String({ pattern: '^[0-9]{1,9}$' }),
  text: Type.String(),
  what: Type.Unsafe<'write' | 'return'>({ type: 'string', enum: ['write', 'return'] }),
});

/** Adds `/incidents/:id/postmortem`. */
export const postmortemPageRoutes: FastifyPluginAsyncTypebox<{ context: Context; reader: Reader; show: Show }> = async (
  app,
  { context, reader, show },
) => {
  const { postmortems, aftermath, fleet, alerting, now } = context;
  const showPostmortem = async (
    request: FastifyRequest,
    reply: FastifyReply,
    told: { id: number; version: number | undefined; caller: Caller; problem: string | null },
  ): Promise<FastifyReply> => {
    const { id, version, caller, problem } = told;
    const read = await postmortems.read(id, version);
    const service = await fleet.service(read.incident.service_id);
    // Action items and the review have sections of their own, with their forms.
    const markdown = markdownOf(read, '');
    const mayWrite = mayAct(caller.role, 'responder') && version === undefined;
    const clock = new Clock([readerZone(request), service === undefined ? null : teamOf(alerting.rules, service).zone]);
    // Loaded here: who reads no postmortem does without the library.
    const { markdownToHtml } = await import('../../postmortem/to-html.ts');
    const content = postmortemPage({
      ...{ read, problem, mayAct: mayWrite, clock },
      content: new Markup(markdownToHtml(markdown, figuresOf(read.document))),
      versions: await postmortems.versions(id),
      aftermath: {
        ...{ incidentId: id, fingerprint: read.document.fingerprint, mayAct: mayWrite, clock },
        items: await aftermath.items(id),
        review: await aftermath.review(id),
      },
    });
    return show(reply, { title: `Postmortem of incident ${id}`, caller, part: 'incidents', content, live: false });
  };
  const options = { schema: { ...schema, params: Id, querystring: Which } };
  app.get('/incidents/:id/postmortem', options, async (request, reply) => {
    const caller = await reader(request);
    const { version } = request.query;
    return await showPostmortem(request, reply, { id: request.params.id, version, caller, problem: null });
  });

  const act: Act = async (request, reply, id, work) => {
    const caller = await reader(request, 'responder');
    return await answerForm(reply, {
      work: async () => await work({ name: caller.name, nowMs: now() }),
      back: `/incidents/${id}/postmortem`,
      again: async (answer, problem) =>
        await showPostmortem(request, answer, { id, version: undefined, caller, problem }),
    });
  };
  app.post('/incidents/:id/postmortem', { schema: { ...schema, params: Id, body: Form } }, async (request, reply) => {
    const { id } = request.params;
    const { section, after, text, what } = request.body;
    const sections = { [section]: what === 'return' ? null : text.replaceAll('\r\n', '\n') };
    return await act(
      request,
      reply,
      id,
      async (by) => await postmortems.edit(id, { sections, after: Number(after) }, by),
    );
  });
  app.post('/incidents/:id/postmortem/refresh', { schema: { ...schema, params: Id } }, async (request, reply) => {
    const { id } = request.params;
    return await act(request, reply, id, async (by) => await postmortems.refresh(id, by));
  });
  await app.register(aftermathForms, { context, act });
};
