/** Postmortems: read as JSON, Markdown and HTML, edited, and kept version by version. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TOptional } from 'typebox';
import { Type } from '../type.ts';
import { ServerError } from '../../errors/server-error.ts';
import { sectionIds, sectionTitles, type SectionId } from '../../postmortem/document.ts';
import { figuresOf, markdownOf } from '../../postmortem/postmortem-desk.ts';
import { longestSection } from '../../postmortem/postmortem-store.ts';
import type { Context } from '../context.ts';
import type { Guard } from '../guard.ts';

const security = [{ token: [] }];
const tags = ['postmortems'];
const strict = { additionalProperties: false };
const Id = Type.Object({ id: Type.Integer({ minimum: 1 }) });
const Which = Type.Object({
  version: Type.Optional(Type.Integer({ minimum: 1, description: 'Default: the newest.' })),
});
const VersionOrNull = Type.Union([Type.Integer(), Type.Null()], { description: 'Null: a draft, kept nowhere.' });
const Version = Type.Object({
  version: Type.Integer(),
  createdMs: Type.Integer(),
  createdBy: Type.String(),
  why: Type.String(),
});
const Postmortem = Type.Object({
  ...Version.properties,
  version: VersionOrNull,
  incidentId: Type.Integer(),
  title: Type.String(),
  fingerprint: Type.Union([Type.String(), Type.Null()]),
  sections: Type.Array(
    Type.Object({
      id: Type.Unsafe<SectionId>({ type: 'string', enum: [...sectionIds] }),
      title: Type.String(),
      markdown: Type.String(),
      editedBy: Type.Union([Type.String(), Type.Null()], { description: 'Null: the server wrote it.' }),
    }),
  ),
  figures: Type.Record(Type.String(), Type.String(), { description: 'SVG, by the names that the Markdown has.' }),
  markdown: Type.String(),
});
const Text = Type.Union([Type.String({ maxLength: longestSection }), Type.Null()]);
const Edit = Type.Object(
  {
    sections: Type.Object(
      Object.fromEntries(sectionIds.map((id) => [id, Type.Optional(Text)])) as Record<
        SectionId,
        TOptional<typeof Text>
      >,
      { ...strict, description: 'Markdown by section; null gives a section back to the server.' },
    ),
    after: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: 'The version that was read: where there is a newer one, nothing is kept.',
      }),
    ),
  },
  strict,
);
const Kept = Type.Object({ version: Type.Integer() });

/** Adds `/api/v1/incidents/:id/postmortem` and what is below it. */
export const postmortemRoutes: FastifyPluginAsyncTypebox<{ context: Context; guard: Guard }> = async (
  app,
  { context: { postmortems, aftermath, now }, guard },
) => {
  const viewer = async (request: FastifyRequest): Promise<void> => {
    await guard(request, 'viewer');
  };
  const base = '/api/v1/incidents/:id/postmortem';
  app.get(
    base,
    {
      schema: {
        summary: 'The postmortem of an incident: a version, or a draft of what is known now',
        tags,
        security,
        params: Id,
        querystring: Which,
        response: { 200: Postmortem },
      },
      onRequest: viewer,
    },
    async ({ params: { id }, query: { version } }) => {
      const read = await postmortems.read(id, version);
      const { document, createdMs, createdBy, why } = read;
      return {
        ...{ incidentId: id, version: read.version, createdMs, createdBy, why },
        title: document.title,
        fingerprint: document.fingerprint,
        sections: document.sections.map((section) => ({ ...section, title: sectionTitles[section.id] })),
        figures: figuresOf(document),
        markdown: markdownOf(read, await aftermath.markdown(id, read.zone)),
      };
    },
  );
  const file = (
    extension: string,
    type: string,
    summary: string,
    make: (id: number, version?: number) => Promise<string>,
  ) =>
    app.get(
      `${base}.${extension}`,
      { schema: { summary, tags, security, params: Id, querystring: Which }, onRequest: viewer },
      async ({ params: { id }, query: { version } }, reply): Promise<FastifyReply> =>
        reply.type(`${type}; charset=utf-8`).send(await make(id, version)),
    );
  file('md', 'text/markdown', 'The postmortem as Markdown', async (id, version) => {
    const read = await postmortems.read(id, version);
    return markdownOf(read, await aftermath.markdown(id, read.zone));
  });
  file('html', 'text/html', 'The postmortem as a page of its own, with its figures in it', async (id, version) => {
    // Loaded here: who reads no postmortem does without the library.
    const { htmlFile } = await import('../../postmortem/html-file.ts');
    const read = await postmortems.read(id, version);
    return htmlFile(
      read.document.title,
      markdownOf(read, await aftermath.markdown(id, read.zone)),
      figuresOf(read.document),
    );
  });
  app.get(
    `${base}/:figure`,
    {
      schema: {
        summary: 'A figure of the postmortem as SVG: memory.svg, cause.svg',
        tags,
        security,
        params: Type.Object({ ...Id.properties, figure: Type.String() }),
        querystring: Which,
      },
      onRequest: viewer,
    },
    async ({ params: { id, figure }, query: { version } }, reply) => {
      const figures = figuresOf((await postmortems.read(id, version)).document);
      const svg = Object.hasOwn(figures, figure) ? figures[figure] : undefined;
      if (svg === undefined) throw new ServerError('EBB_SERVER_NOT_FOUND', `the postmortem has no figure ${figure}`);
      return reply.type('image/svg+xml').send(svg);
    },
  );
  app.get(
    `${base}/versions`,
    {
      schema: {
        summary: 'Its versions, the newest first',
        tags,
        security,
        params: Id,
        response: { 200: Type.Array(Version) },
      },
      onRequest: viewer,
    },
    async ({ params: { id } }) => await postmortems.versions(id),
  );
  app.patch(
    base,
    {
      schema: {
        summary: 'Write sections of it; each edit is a version',
        tags,
        security,
        params: Id,
        body: Edit,
        response: { 200: Kept },
      },
      onRequest: async (request) => {
        await guard(request, 'responder');
      },
    },
    async (request) => {
      const { name } = await guard(request, 'responder');
      const { sections, after } = request.body;
      const told = { sections, ...(after === undefined ? {} : { after }) };
      return { version: await postmortems.edit(request.params.id, told, { name, nowMs: now() }) };
    },
  );
  app.post(
    `${base}/refresh`,
    {
      schema: {
        summary: 'Keep a version made of what is known now; what people wrote stays',
        tags,
        security,
        params: Id,
        response: { 200: Kept },
      },
      onRequest: async (request) => {
        await guard(request, 'responder');
      },
    },
    async (request) => {
      const { name } = await guard(request, 'responder');
      return { version: await postmortems.refresh(request.params.id, { name, nowMs: now() }) };
    },
  );
};
