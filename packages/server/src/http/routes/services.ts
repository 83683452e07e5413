/** Services, their processes, and what these told. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import { Type } from '../type.ts';
import { ServerError } from '../../errors/server-error.ts';
import { fleetOf } from '../../judge/fleet.ts';
import { runningMs } from '../../store/running.ts';
import type { Context } from '../context.ts';
import type { Guard } from '../guard.ts';
import { processView, sampleView } from './process-view.ts';

const security = [{ token: [] }];
const tags = ['fleet'];
const dayMs = 86_400_000;

const orNull = <Schema extends TSchema>(
  schema: Schema,
): ReturnType<typeof Type.Union<[Schema, ReturnType<typeof Type.Null>]>> => Type.Union([schema, Type.Null()]);
const NumberOrNull = orNull(Type.Number());
type VerdictName = 'clean' | 'warming' | 'bounded' | 'leak' | 'native';
const Verdict = Type.Unsafe<VerdictName>({ type: 'string', enum: ['clean', 'warming', 'bounded', 'leak', 'native'] });
const TimeMs = Type.Integer({ description: 'Milliseconds since 1970.' });
// A tuple of what may be null is more than the serializer can do.
const Bounds = Type.Unsafe<[number | null, number | null]>({
  type: 'array',
  items: { anyOf: [{ type: 'number' }, { type: 'null' }] },
  minItems: 2,
  maxItems: 2,
});
const Interval = orNull(Bounds);
const judged = {
  verdict: Verdict,
  confirmed: Type.Boolean({ description: 'More than the false alarms that so many processes bring by themselves.' }),
  processes: Type.Integer(),
  secondsToLimit: orNull(Type.Number({ description: 'Of the process that meets its limit first.' })),
  secondsToLimitInterval: Interval,
};
const Version = Type.Object({
  version: Type.String(),
  firstSeenMs: TimeMs,
  lastSeenMs: TimeMs,
  ...judged,
  verdicts: Type.Object({
    clean: Type.Integer(),
    warming: Type.Integer(),
    bounded: Type.Integer(),
    leak: Type.Integer(),
    native: Type.Integer(),
  }),
  bytesPerSecond: orNull(
    Type.Number({ description: 'Median over the processes that run out, or over all where none does.' }),
  ),
  odd: Type.Array(Type.Integer(), { description: 'Processes that run out while most of the version do not.' }),
});
const names = { id: Type.Integer(), name: Type.String(), namespace: Type.String(), environment: Type.String() };
const Service = Type.Object({ ...names, ...judged, versions: Type.Array(Version) });
const ProcessView = Type.Object({
  id: Type.Integer(),
  serviceId: Type.Integer(),
  version: Type.String(),
  instance: Type.String(),
  revision: orNull(Type.String()),
  host: orNull(Type.String()),
  pid: orNull(Type.Integer()),
  runtime: orNull(Type.String()),
  firstSeenMs: TimeMs,
  lastSeenMs: TimeMs,
  startedMs: NumberOrNull,
  rssBytes: NumberOrNull,
  floorBytes: orNull(Type.Number({ description: 'Live memory after the last full collection.' })),
  heapUsedBytes: NumberOrNull,
  heapLimitBytes: NumberOrNull,
  containerLimitBytes: NumberOrNull,
  requests: NumberOrNull,
  gcShare: NumberOrNull,
  loopDelayP99Seconds: NumberOrNull,
  judgedBy: Type.Unsafe<'agent' | 'server'>({ type: 'string', enum: ['agent', 'server'] }),
  verdict: Verdict,
  verdictSinceMs: TimeMs,
  suspicious: Type.Boolean(),
  bytesPerSecond: NumberOrNull,
  bytesPerSecondInterval: Bounds,
  bytesPerRequest: NumberOrNull,
  secondsToLimit: NumberOrNull,
  secondsToLimitInterval: Bounds,
});
const Sample = Type.Object({
  timeMs: TimeMs,
  rssBytes: NumberOrNull,
  floorBytes: NumberOrNull,
  heapUsedBytes: NumberOrNull,
  requests: NumberOrNull,
  gcShare: NumberOrNull,
  loopDelayP99Seconds: NumberOrNull,
  bytesPerSecond: NumberOrNull,
  secondsToLimit: NumberOrNull,
});
const Change = Type.Object({ timeMs: TimeMs, verdict: Verdict, before: orNull(Verdict) });
const Id = Type.Object({ id: Type.Integer({ minimum: 1 }) });
const Window = Type.Object({
  fromMs: Type.Optional(Type.Integer({ description: 'Default: a day before `toMs`.' })),
  toMs: Type.Optional(Type.Integer({ description: 'Default: now.' })),
  most: Type.Integer({ minimum: 1, maximum: 10_000, default: 2000, description: 'The newest so many.' }),
});

/** Adds `/api/v1/services` and `/api/v1/processes`. */
export const serviceRoutes: FastifyPluginAsyncTypebox<{ context: Context; guard: Guard }> = async (
  app,
  { context: { fleet, now }, guard },
) => {
  const onRequest = async (request: FastifyRequest): Promise<void> => {
    await guard(request, 'viewer');
  };
  const since = (): number => now() - runningMs;
  app.get(
    '/api/v1/services',
    {
      schema: {
        summary: 'Services that run, those that run out first on top',
        tags,
        security,
        response: { 200: Type.Array(Service) },
      },
      onRequest,
    },
    async () => fleetOf(await fleet.services(), await fleet.judged({ sinceMs: since() })),
  );
  app.get(
    '/api/v1/services/:id/processes',
    {
      schema: {
        summary: 'Processes of a service that were heard of in the last ten minutes, or since `sinceMs`',
        tags,
        security,
        params: Id,
        querystring: Type.Object({ sinceMs: Type.Optional(TimeMs) }),
        response: { 200: Type.Array(ProcessView) },
      },
      onRequest,
    },
    async ({ params: { id }, query: { sinceMs = since() } }) => {
      if ((await fleet.service(id)) === undefined)
        throw new ServerError('EBB_SERVER_NOT_FOUND', `there is no service ${id}`);
      return (await fleet.processes({ sinceMs, serviceId: id })).map(processView);
    },
  );
  app.get(
    '/api/v1/processes/:id',
    { schema: { summary: 'One process', tags, security, params: Id, response: { 200: ProcessView } }, onRequest },
    async ({ params: { id } }) => {
      const process = await fleet.process(id);
      if (process === undefined) throw new ServerError('EBB_SERVER_NOT_FOUND', `there is no process ${id}`);
      return processView(process);
    },
  );
  app.get(
    '/api/v1/processes/:id/samples',
    {
      schema: {
        summary: 'What a process told, oldest first',
        tags,
        security,
        params: Id,
        querystring: Window,
        response: { 200: Type.Array(Sample) },
      },
      onRequest,
    },
    async ({ params: { id }, query: { most, toMs = now() + 1, fromMs = toMs - dayMs } }) =>
      (await fleet.samples(id, fromMs, toMs, most)).map(sampleView),
  );
  app.get(
    '/api/v1/processes/:id/verdicts',
    {
      schema: {
        summary: 'Changes of verdict, oldest first',
        tags,
        security,
        params: Id,
        response: { 200: Type.Array(Change) },
      },
      onRequest,
    },
    async ({ params: { id } }) =>
      (await fleet.verdictChanges(id, 1000)).map(({ time_ms: timeMs, verdict, before }) => ({
        timeMs,
        verdict,
        before,
      })),
  );
};
