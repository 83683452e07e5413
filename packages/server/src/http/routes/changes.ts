/** Changes of services: taken from whoever deploys, by PagerDuty's shape or Ebb's own, and listed. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '../type.ts';
import { changeKinds, type ChangeKind, type NewChange } from '../../changes/change.ts';
import { ServerError } from '../../errors/server-error.ts';
import {
  changeTime,
  linksOf,
  longestSummary,
  named,
  readChangeEvent,
  routingKeyOf,
  usualKind,
} from '../../ingest/change-event.ts';
import { storable } from '../../ingest/identity.ts';
import { longestText } from '../../ingest/report.ts';
import { linksOfChange } from '../../store/changes.ts';
import type { ChangeRow } from '../../store/schema.ts';
import type { Context } from '../context.ts';
import type { Guard } from '../guard.ts';

const tags = ['changes'];
const security = [{ token: [] }];
const dayMs = 86_400_000;
/** As PagerDuty's. */
const mostBytes = 512 * 1024;

const Kind = Type.Unsafe<ChangeKind>({ type: 'string', enum: [...changeKinds] });
const Name = Type.String({ maxLength: longestText });
const Links = Type.Array(Type.Object({ href: Type.String(), text: Type.String() }));
const TextOrNull = Type.Union([Type.String(), Type.Null()]);
const Change = Type.Object({
  id: Type.Integer(),
  serviceId: Type.Union([Type.Integer(), Type.Null()], { description: 'Null where nobody said whose it is.' }),
  timeMs: Type.Integer(),
  kind: Kind,
  summary: Type.String(),
  source: Type.String(),
  version: TextOrNull,
  revision: TextOrNull,
  links: Links,
});
const Told = Type.Object(
  {
    service: Type.String({ minLength: 1, maxLength: longestText }),
    namespace: Type.Optional(Name),
    environment: Type.Optional(Name),
    summary: Type.String({ minLength: 1, maxLength: longestSummary }),
    kind: Type.Optional(Kind),
    source: Type.Optional(Name),
    timeMs: Type.Optional(Type.Integer({ minimum: 1, description: 'Default: now.' })),
    version: Type.Optional(Name),
    revision: Type.Optional(Name),
    links: Type.Optional(Type.Array(Type.Object({ href: Type.String(), text: Type.Optional(Type.String()) }))),
  },
  { additionalProperties: false },
);
const Window = Type.Object({
  serviceId: Type.Optional(Type.Integer({ minimum: 1 })),
  fromMs: Type.Optional(Type.Integer({ description: 'Default: thirty days before `toMs`.' })),
  toMs: Type.Optional(Type.Integer({ description: 'Default: now.' })),
  most: Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: 'The newest so many.' }),
});

/** Adds `/api/v1/changes` and `POST /v2/change/enqueue`. */
export const changeRoutes: FastifyPluginAsyncTypebox<{ context: Context; guard: Guard }> = async (
  app,
  { context, guard },
) => {
  const { changes, counters, now } = context;
  const record = async (change: NewChange): Promise<{ id: number; isNew: boolean }> => {
    const recorded = await changes.record(change);
    if (recorded === null)
      throw new ServerError('EBB_SERVER_BAD_REQUEST', 'the server knows of as many services as it may');
    counters.tookChange();
    return recorded;
  };
  app.get(
    '/api/v1/changes',
    {
      schema: {
        summary: 'Changes of services, newest first',
        description: 'Deploys, configuration and flags that somebody told, and versions that telemetry shows.',
        tags,
        security,
        querystring: Window,
        response: { 200: Type.Array(Change) },
      },
      onRequest: async (request) => {
        await guard(request, 'viewer');
      },
    },
    async ({ query: { serviceId, most, toMs = now() + 1, fromMs = toMs - 30 * dayMs } }) =>
      (await changes.list({ ...(serviceId === undefined ? {} : { serviceId }), fromMs, toMs, most })).map(viewOf),
  );
  app.post(
    '/api/v1/changes',
    {
      schema: {
        summary: 'Tell a change of a service',
        description: 'What is told again is the same change: answered with 200 instead of 201.',
        tags,
        security,
        body: Told,
        response: { 200: Type.Object({ id: Type.Integer() }), 201: Type.Object({ id: Type.Integer() }) },
      },
      onRequest: async (request) => {
        await guard(request, 'agent');
      },
    },
    async ({ body }, reply) => {
      const text = (told: string | undefined): string => storable(told ?? '').trim();
      const [version, revision] = [text(body.version) || null, text(body.revision) || null];
      const { id, isNew } = await record({
        service: named({
          service: text(body.service),
          namespace: text(body.namespace),
          environment: text(body.environment),
        }),
        ...changeTime(body.timeMs ?? null, now()),
        kind: body.kind ?? usualKind(version, revision),
        summary: text(body.summary),
        source: text(body.source),
        version,
        revision,
        links: linksOf(body.links),
      });
      return await reply.code(isNew ? 201 : 200).send({ id });
    },
  );
  app.post(
    '/v2/change/enqueue',
    {
      bodyLimit: mostBytes,
      schema: {
        summary: "Tell a change as PagerDuty's Events API v2 takes it",
        description:
          'The token is the `routing_key` of the body, or an `authorization` header. Whose change it is stands in `custom_details.service`, or else in the query.',
        tags,
        security,
        querystring: Type.Object({ service: Type.Optional(Name) }),
        response: { 202: Type.Object({ status: Type.Literal('success'), message: Type.String() }) },
      },
    },
    async (request, reply) => {
      await guard(request, 'agent', routingKeyOf(request.body));
      await record(readChangeEvent(request.body, request.query.service, now()));
      return await reply.code(202).send({ status: 'success' as const, message: 'Change event processed' });
    },
  );
};

function viewOf(row: ChangeRow): {
  id: number;
  serviceId: number | null;
  timeMs: number;
  kind: ChangeKind;
  summary: string;
  source: string;
  version: string | null;
  revision: string | null;
  links: { href: string; text: string }[];
} {
  const { id, kind, summary, source, version, revision } = row;
  const links = linksOfChange(row);
  return { id, serviceId: row.service_id, timeMs: row.time_ms, kind, summary, source, version, revision, links };
}
