/** Findings: what was found to hold the memory of services, told by `ebb watch` or by whoever has its report. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { TSchema } from 'typebox';
import { Type } from '../type.ts';
import { ServerError } from '../../errors/server-error.ts';
import { readFindings } from '../../findings/read-findings.ts';
import type { Context } from '../context.ts';
import type { Guard } from '../guard.ts';

const security = [{ token: [] }];
const tags = ['findings'];
const dayMs = 86_400_000;
const mostBytes = 1024 * 1024;
const mostFindings = 50;

// Null first: a validator that makes types fit would make an empty text, a zero or false of it.
const orNull = <Schema extends TSchema>(
  schema: Schema,
): ReturnType<typeof Type.Union<[ReturnType<typeof Type.Null>, Schema]>> => Type.Union([Type.Null(), schema]);
const Name = Type.String({ maxLength: 1000 });
const Bytes = Type.Number({ minimum: 0, maximum: 1e15 });
const ToldLocation = Type.Object({
  file: Type.String({ minLength: 1, maxLength: 4096 }),
  line: Type.Integer({ minimum: 1, maximum: 1e9 }),
  column: Type.Optional(Type.Integer({ minimum: 1, maximum: 1e9 })),
  repoPath: Type.Optional(orNull(Type.String({ maxLength: 4096 }))),
});
const ToldFinding = Type.Object({
  fingerprint: Type.String({ minLength: 1, maxLength: 200 }),
  verdict: Type.Unsafe<'leak' | 'suspect' | 'bounded'>({
    type: 'string',
    enum: ['leak', 'suspect', 'bounded'],
    description: '`leak`: confirmed. `bounded` is not kept.',
  }),
  kind: Type.String({ minLength: 1, maxLength: 50 }),
  title: Type.String({ minLength: 1, maxLength: 2000 }),
  subject: Type.String({ minLength: 1, maxLength: 1000 }),
  holder: Type.Object({ type: Name, name: Name, location: orNull(ToldLocation) }),
  insertedAt: Type.Optional(orNull(ToldLocation)),
  package: Type.Optional(Name),
  sample: Type.Optional(Type.Object({ type: Name })),
  retainedBytes: Type.Optional(Bytes),
  growthBytes: Type.Optional(Type.Number({ minimum: -1e15, maximum: 1e15 })),
  growthCount: Type.Optional(Type.Number({ minimum: -1e15, maximum: 1e15 })),
  entriesPerRequest: Type.Optional(Bytes),
  bytesPerRequest: Type.Optional(Bytes),
  routes: Type.Optional(Type.Array(Name, { maxItems: 1000 })),
});
const Told = Type.Object({
  resource: Type.Optional(
    Type.Record(Type.String(), Type.Union([Type.String({ maxLength: 4096 }), Type.Number(), Type.Boolean()]), {
      description: "The attributes of the process's OpenTelemetry resource, as its telemetry has them.",
      maxProperties: 200,
    }),
  ),
  service: Type.Optional(Name),
  namespace: Type.Optional(Name),
  environment: Type.Optional(Name),
  version: Type.Optional(Name),
  revision: Type.Optional(Name),
  instance: Type.Optional(Name),
  trend: Type.Optional(Type.Object({ bytesPerRequest: Type.Optional(orNull(Type.Number())) })),
  captures: Type.Optional(
    Type.Array(
      Type.Object({
        kind: Type.Optional(Type.String({ description: '`snapshot` or `profile`.' })),
        takenMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 8.64e15, description: 'Milliseconds since 1970.' })),
        pauseMs: Type.Optional(
          Type.Number({ minimum: 0, maximum: 1e9, description: 'How long the process stood still for it.' }),
        ),
      }),
      { maxItems: 1000, description: 'What the findings rest on: those with a time stand on the timeline.' },
    ),
  ),
  findings: Type.Array(ToldFinding, { maxItems: mostFindings }),
});
const TimeMs = Type.Integer({ description: 'Milliseconds since 1970.' });
const Location = Type.Object({
  file: Type.String(),
  line: Type.Integer(),
  column: Type.Integer(),
  repoPath: orNull(Type.String()),
});
/** A finding as the API tells it. */
const FindingView = Type.Object({
  id: Type.Integer(),
  serviceId: Type.Integer(),
  version: Type.String(),
  revision: orNull(Type.String()),
  instance: Type.String({ description: 'The process that it was found in last.' }),
  fingerprint: Type.String(),
  confirmed: Type.Boolean(),
  kind: Type.String(),
  title: Type.String(),
  subject: Type.String(),
  holder: Type.Object({ type: Type.String(), name: Type.String(), location: orNull(Location) }),
  insertedAt: orNull(Location),
  package: orNull(Type.String()),
  sampleType: Type.String(),
  retainedBytes: orNull(Type.Number()),
  growthBytes: orNull(Type.Number()),
  bytesPerRequest: orNull(Type.Number()),
  routes: Type.Array(Type.String()),
  captures: Type.Array(
    Type.Object({
      kind: Type.Unsafe<'snapshot' | 'profile'>({ type: 'string', enum: ['snapshot', 'profile'] }),
      takenMs: TimeMs,
      pauseMs: orNull(Type.Number()),
    }),
    { description: 'What it rests on, the first one first.' },
  ),
  firstSeenMs: TimeMs,
  lastSeenMs: TimeMs,
  times: Type.Integer({ description: 'In how many processes, one after the other.' }),
});

/** Adds `/api/v1/findings` and `/api/v1/services/:id/findings`. */
export const findingRoutes: FastifyPluginAsyncTypebox<{ context: Context; guard: Guard }> = async (
  app,
  { context: { findings, fleet, now }, guard },
) => {
  app.post(
    '/api/v1/findings',
    {
      bodyLimit: mostBytes,
      schema: {
        summary: 'Tell what holds the memory of a process',
        description:
          'The findings of a report that `ebb watch --report` wrote, with `resource` or `service` beside them. What else stands in a report may come along, and is dropped. Told again, a finding is the same one.',
        tags,
        security,
        body: Told,
        response: {
          200: Type.Object({
            serviceId: Type.Integer(),
            taken: Type.Integer(),
            left: Type.Integer({ description: 'Those that say that nothing leaks.' }),
          }),
        },
      },
      onRequest: async (request) => {
        await guard(request, 'agent');
      },
    },
    async ({ body }) => {
      const { identity, findings: told, left } = readFindings(body);
      const serviceId = await findings.record(identity, told, now());
      if (serviceId === null)
        throw new ServerError('EBB_SERVER_BAD_REQUEST', 'the server knows of as many services as it may');
      return { serviceId, taken: told.length, left };
    },
  );
  app.get(
    '/api/v1/services/:id/findings',
    {
      schema: {
        summary:
          'What holds the memory of a service: one for each version and fingerprint, the newest first, of those that came together the one that grew the most',
        tags,
        security,
        params: Type.Object({ id: Type.Integer({ minimum: 1 }) }),
        querystring: Type.Object({
          sinceMs: Type.Optional(Type.Integer({ description: 'Told then or later. Default: ninety days ago.' })),
          most: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
        }),
        response: { 200: Type.Array(FindingView) },
      },
      onRequest: async (request) => {
        await guard(request, 'viewer');
      },
    },
    async ({ params: { id }, query: { most, sinceMs = now() - 90 * dayMs } }) => {
      if ((await fleet.service(id)) === undefined)
        throw new ServerError('EBB_SERVER_NOT_FOUND', `there is no service ${id}`);
      return await findings.findingsOf(id, { sinceMs, most });
    },
  );
};
