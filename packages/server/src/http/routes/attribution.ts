/** What is known of the changes behind an incident. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '../type.ts';
import type { ToldAttribution } from '../../attribution/told.ts';
import { ServerError } from '../../errors/server-error.ts';
import type { Context } from '../context.ts';
import type { Guard } from '../guard.ts';

const Id = Type.Object({ id: Type.Integer({ minimum: 1 }) });
const text = { type: 'string' };
const number = { type: 'number' };
const orNull = (schema: object): object => ({ anyOf: [schema, { type: 'null' }] });
const listOf = (items: object): object => ({ type: 'array', items });
const objectOf = (properties: object): object => ({ type: 'object', properties });
const estimate = orNull(objectOf({ value: number, low: number, high: number }));
const growth = objectOf({
  version: text,
  processes: number,
  growing: number,
  still: number,
  label: { type: 'string', enum: ['grows', 'still', 'unknown'] },
  fromMs: number,
  toMs: number,
  bytesPerRequest: estimate,
  bytesPerHour: estimate,
  agesMs: orNull(listOf(number)),
});
const recovery = objectOf({
  timeMs: number,
  result: { type: 'string', enum: ['proven', 'refuted', 'not yet'] },
  byMs: number,
  requestsAreBack: orNull({ type: 'boolean' }),
  badShare: orNull(listOf(number)),
  suggestsResolving: { type: 'boolean' },
  sentence: text,
});
const change = objectOf({
  changeIds: listOf(number),
  name: text,
  kind: text,
  version: orNull(text),
  revision: orNull(text),
  timeMs: number,
  part: { type: 'string', enum: ['guilty', 'exonerated', 'open'] },
  reason: text,
  sentence: text,
  without: orNull(growth),
  with: orNull(growth),
  recovery: orNull(recovery),
});
const Told = Type.Unsafe<ToldAttribution | null>(
  orNull(
    objectOf({
      judgedMs: number,
      advice: orNull(text),
      rollbackHelps: orNull({ type: 'boolean' }),
      rollBackTo: orNull(text),
      cleanVersions: listOf(text),
      growingVersions: listOf(text),
      changes: listOf(change),
      cells: listOf(growth),
    }),
  ),
);

/** Adds `/api/v1/incidents/:id/changes`. */
export const attributionRoutes: FastifyPluginAsyncTypebox<{ context: Context; guard: Guard }> = async (
  app,
  { context: { incidents, attributions }, guard },
) => {
  app.get(
    '/api/v1/incidents/:id/changes',
    {
      schema: {
        summary: 'Which change brought the growth: guilty, exonerated or open, each with its evidence',
        description:
          'Null until a leak was held against the changes of its service, which takes half a minute. Whether a rollback helps, and to which version, stands in `advice`.',
        tags: ['incidents'],
        security: [{ token: [] }],
        params: Id,
        response: { 200: Type.Object({ attribution: Told }) },
      },
      onRequest: async (request) => {
        await guard(request, 'viewer');
      },
    },
    async ({ params: { id } }) => {
      if ((await incidents.find(id)) === undefined)
        throw new ServerError('EBB_SERVER_NOT_FOUND', `there is no incident ${id}`);
      return { attribution: await attributions.find(id) };
    },
  );
};
