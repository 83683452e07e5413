/** Silences and maintenance windows: what is not to be told for a while. They always end. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from '../type.ts';
import { ServerError } from '../../errors/server-error.ts';
import type { Context } from '../context.ts';
import type { Guard } from '../guard.ts';
import { MatcherShape } from './matcher-schema.ts';

const security = [{ token: [] }];
const tags = ['silences'];
const dayMs = 86_400_000;
/** What lasts longer is no silence but a rule. */
const longestSilenceMs = 30 * dayMs;
const longestWindowMs = 7 * dayMs;
/** Windows that come again have to be looked at once a year. */
const longestRecurrenceMs = 366 * dayMs;
const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(
  type: T,
): ReturnType<typeof Type.Union<[T, ReturnType<typeof Type.Null>]>> => Type.Union([type, Type.Null()]);

const TimeMs = Type.Integer({ description: 'Milliseconds since 1970.' });
const Why = Type.String({ minLength: 1, maxLength: 500, description: 'For whoever asks why nobody was told.' });
const made = {
  id: Type.Integer(),
  match: MatcherShape,
  why: Type.String(),
  createdMs: TimeMs,
  createdBy: Type.String(),
  endedMs: orNull(TimeMs),
  endedBy: orNull(Type.String()),
};
const Silence = Type.Object({ ...made, startsMs: TimeMs, endsMs: TimeMs });
const NewSilence = Type.Object(
  {
    match: MatcherShape,
    startsMs: Type.Optional(Type.Integer({ description: 'Default: now.' })),
    endsMs: Type.Integer({ description: '30 days after its start at most.' }),
    why: Why,
  },
  { additionalProperties: false },
);
const schedule = {
  startsLocal: Type.String({
    maxLength: 20,
    description: 'The first start, by the clocks of the zone: 2026-11-22T02:00.',
  }),
  zone: Type.String({ maxLength: 60, description: 'Of the IANA database, like Europe/Berlin.' }),
  durationMs: Type.Integer({ minimum: 60_000, maximum: longestWindowMs, description: 'From a minute to seven days.' }),
};
const rule = { maxLength: 300, description: 'RRULE of RFC 5545, like FREQ=WEEKLY;BYDAY=SU; none for once.' };
const Maintenance = Type.Object({
  ...made,
  ...schedule,
  rule: orNull(Type.String(rule)),
  untilMs: TimeMs,
  next: orNull(Type.Object({ fromMs: TimeMs, toMs: TimeMs }, { description: 'Now or next.' })),
});
const NewMaintenance = Type.Object(
  {
    match: MatcherShape,
    ...schedule,
    rule: Type.Optional(Type.String(rule)),
    untilMs: Type.Integer({ description: 'No start after it; a year from now at most.' }),
    why: Why,
  },
  { additionalProperties: false },
);
const Wanted = Type.Object({
  all: Type.Boolean({ default: false, description: 'Also those that are over.' }),
  most: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
});
const Id = Type.Object({ id: Type.Integer({ minimum: 1 }) });

/** Adds `/api/v1/silences` and `/api/v1/maintenance`. */
export const silenceRoutes: FastifyPluginAsyncTypebox<{ context: Context; guard: Guard }> = async (
  app,
  { context: { alerting, tokens, now }, guard },
) => {
  const { silences } = alerting;
  const viewer = async (request: FastifyRequest): Promise<void> => {
    await guard(request, 'viewer');
  };
  const responder = async (request: FastifyRequest): Promise<void> => {
    await guard(request, 'responder');
  };
  app.get(
    '/api/v1/silences',
    {
      schema: {
        summary: 'Silences, newest first',
        tags,
        security,
        querystring: Wanted,
        response: { 200: Type.Array(Silence) },
      },
      onRequest: viewer,
    },
    async ({ query }) => await silences.list({ ...query, nowMs: now() }),
  );
  app.post(
    '/api/v1/silences',
    {
      schema: { summary: 'Tell nobody, until then', tags, security, body: NewSilence, response: { 201: Silence } },
      onRequest: responder,
    },
    async (request, reply) => {
      const nowMs = now();
      const { match, startsMs = nowMs, endsMs, why } = request.body;
      if (endsMs <= startsMs || endsMs <= nowMs) throw bad('a silence ends after it starts, and not before now');
      if (endsMs - startsMs > longestSilenceMs || startsMs > nowMs + longestSilenceMs)
        throw bad('a silence starts within 30 days, and lasts 30 days at most; a rule is for what lasts longer');
      const { name } = await guard(request, 'responder');
      const silence = await silences.silence({ match, startsMs, endsMs, why }, { name, nowMs });
      await tokens.audit(name, 'silence.create', `${silence.id}: ${JSON.stringify(match)}`, nowMs);
      return await reply.code(201).send(silence);
    },
  );
  app.get(
    '/api/v1/maintenance',
    {
      schema: {
        summary: 'Maintenance windows, newest first',
        tags,
        security,
        querystring: Wanted,
        response: { 200: Type.Array(Maintenance) },
      },
      onRequest: viewer,
    },
    async ({ query }) => await silences.listMaintenance({ ...query, nowMs: now() }),
  );
  app.post(
    '/api/v1/maintenance',
    {
      schema: {
        summary: 'Tell nobody at these times, once or again and again',
        tags,
        security,
        body: NewMaintenance,
        response: { 201: Maintenance },
      },
      onRequest: responder,
    },
    async (request, reply) => {
      const nowMs = now();
      const { untilMs, rule: told = null, ...rest } = request.body;
      if (untilMs <= nowMs || untilMs > nowMs + longestRecurrenceMs)
        throw bad('maintenance has an end: after now, and a year from now at most');
      if (told !== null && rest.durationMs > dayMs) throw bad('maintenance that comes again lasts a day at most');
      const { name } = await guard(request, 'responder');
      try {
        const window = await silences.maintain({ ...rest, rule: told, untilMs }, { name, nowMs });
        await tokens.audit(name, 'maintenance.create', `${window.id}: ${JSON.stringify(rest.match)}`, nowMs);
        return await reply.code(201).send(window);
      } catch (error) {
        throw error instanceof RangeError ? bad(error.message) : error;
      }
    },
  );
  for (const [what, name] of [
    ['silences', 'silence'],
    ['maintenance', 'maintenance'],
  ] as const) {
    app.delete(
      `/api/v1/${what}/:id`,
      {
        schema: { summary: `End a ${name} now`, tags, security, params: Id, response: { 204: Type.Null() } },
        onRequest: responder,
      },
      async (request, reply) => {
        const { id } = request.params;
        const by = { name: (await guard(request, 'responder')).name, nowMs: now() };
        if (!(await silences.end(what, id, by)))
          throw new ServerError('EBB_SERVER_NOT_FOUND', `there is no ${name} ${id} that is not over`);
        await tokens.audit(by.name, `${name}.end`, String(id), by.nowMs);
        return await reply.code(204).send(null);
      },
    );
  }
};

function bad(message: string): ServerError {
  return new ServerError('EBB_SERVER_BAD_REQUEST', message);
}
