/** The commits behind an incident: told by `ebb deploy blame`, which runs where the repository is. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { TSchema } from 'typebox';
import { Type } from '../type.ts';
import type { Context } from '../context.ts';
import type { Guard } from '../guard.ts';

const security = [{ token: [] }];
const tags = ['incidents'];
const strict = { additionalProperties: false };
// Null first: a validator that makes types fit would make an empty text, a zero or false of it.
const orNull = <Schema extends TSchema>(
  schema: Schema,
): ReturnType<typeof Type.Union<[ReturnType<typeof Type.Null>, Schema]>> => Type.Union([Type.Null(), schema]);
const text = (maxLength: number): ReturnType<typeof Type.String> => Type.String({ maxLength });
const Hash = Type.String({ pattern: '^[0-9a-f]{7,64}$' });
const Address = Type.String({ maxLength: 2000, pattern: '^https?://[^\\s\\u0000-\\u001f]+$' });
const Revision = Type.Object({ name: text(200), commit: Hash }, strict);
const Commit = Type.Object(
  {
    commit: Hash,
    subject: text(500),
    author: text(200),
    coAuthors: Type.Array(text(200), { maxItems: 20 }),
    committedMs: Type.Integer({ minimum: 0, maximum: 8.64e15 }),
    reasons: Type.Array(text(1000), { maxItems: 20, description: 'What speaks for it, the most telling first.' }),
    isBetween: Type.Unsafe<boolean | null>({
      anyOf: [{ type: 'null' }, { type: 'boolean' }],
      description: 'Whether it came after the last version that did not grow.',
    }),
    url: orNull(Address),
    pullRequest: orNull(
      Type.Object({ number: Type.Integer({ minimum: 1 }), url: orNull(Address), mergedBy: orNull(text(200)) }, strict),
    ),
  },
  strict,
);
const Told = Type.Object(
  {
    from: orNull(Revision),
    to: Revision,
    places: Type.Array(
      Type.Object({ path: text(4096), line: orNull(Type.Integer({ minimum: 1, maximum: 1e9 })) }, strict),
      { maxItems: 10 },
    ),
    package: orNull(text(300)),
    owners: Type.Array(text(300), { maxItems: 50 }),
    notes: Type.Array(text(1000), { maxItems: 20 }),
    commits: Type.Array(Commit, { maxItems: 20, description: 'The most telling first.' }),
  },
  strict,
);
const Id = Type.Object({ id: Type.Integer({ minimum: 1 }) });

/** Adds `/api/v1/incidents/:id/commits`. */
export const commitRoutes: FastifyPluginAsyncTypebox<{ context: Context; guard: Guard }> = async (
  app,
  { context: { commits, incidents, now }, guard },
) => {
  app.get(
    '/api/v1/incidents/:id/commits',
    {
      schema: {
        summary:
          'The commits that may have brought it, as `ebb deploy blame --incident` told; null while nobody looked',
        ...{ tags, security, params: Id, response: { 200: Type.Object({ commits: orNull(Told) }) } },
      },
      onRequest: async (request) => {
        await guard(request, 'viewer');
      },
    },
    async ({ params: { id } }) => {
      await incidents.get(id);
      return { commits: await commits.find(id) };
    },
  );
  app.put(
    '/api/v1/incidents/:id/commits',
    {
      bodyLimit: 1024 * 1024,
      schema: {
        summary: 'Tell the commits that may have brought it; what was told before is replaced',
        ...{ tags, security, params: Id, body: Told, response: { 204: Type.Null() } },
      },
      onRequest: async (request) => {
        await guard(request, 'responder');
      },
    },
    async (request, reply) => {
      const { name } = await guard(request, 'responder');
      const { id } = await incidents.get(request.params.id);
      await commits.record(id, request.body, { name, nowMs: now() });
      return await reply.code(204).send(null);
    },
  );
};
