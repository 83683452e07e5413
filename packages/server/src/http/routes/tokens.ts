/** Tokens and the audit log: admins only. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from '../type.ts';
import { roles } from '../../access/token.ts';
import { ServerError } from '../../errors/server-error.ts';
import type { Context } from '../context.ts';
import type { Guard } from '../guard.ts';
import type { TokenInfo } from '../../store/tokens.ts';

const security = [{ token: [] }];
const tags = ['access'];
const Id = Type.Object({ id: Type.Integer({ minimum: 1 }) });
const Role = Type.Unsafe<TokenInfo['role']>({ type: 'string', enum: [...roles] });
const TimeMs = Type.Union([Type.Integer(), Type.Null()]);
const Token = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  role: Role,
  createdMs: Type.Integer(),
  expiresMs: TimeMs,
  revokedMs: TimeMs,
});
const NewToken = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    role: Role,
    expiresMs: Type.Optional(Type.Integer({ description: 'Milliseconds since 1970; without it, never.' })),
  },
  { additionalProperties: false },
);
const Made = Type.Object({ token: Type.String({ description: 'Shown this once.' }), info: Token });
const Entry = Type.Object({
  timeMs: Type.Integer(),
  actor: Type.String(),
  action: Type.String(),
  detail: Type.String(),
});

/** Adds `/api/v1/tokens` and `/api/v1/audit`. */
export const tokenRoutes: FastifyPluginAsyncTypebox<{ context: Context; guard: Guard }> = async (
  app,
  { context, guard },
) => {
  const { tokens, now, authenticator } = context;
  const admin = async (request: FastifyRequest): Promise<void> => {
    await guard(request, 'admin');
  };
  app.get(
    '/api/v1/tokens',
    {
      schema: {
        summary: 'All tokens, without the tokens themselves',
        tags,
        security,
        response: { 200: Type.Array(Token) },
      },
      onRequest: admin,
    },
    async () => await tokens.list(),
  );
  app.post(
    '/api/v1/tokens',
    { schema: { summary: 'Make a token', tags, security, body: NewToken, response: { 201: Made } }, onRequest: admin },
    async (request, reply) => {
      const { name, role, expiresMs } = request.body;
      if (expiresMs !== undefined && expiresMs <= now())
        throw new ServerError('EBB_SERVER_BAD_REQUEST', `expiresMs ${expiresMs} is over already: it is ${now()} now`);
      const actor = await guard(request, 'admin');
      const made = await tokens.create({ name, role, nowMs: now(), expiresMs: expiresMs ?? null });
      await tokens.audit(actor.name, 'token.create', `${role} '${name}' (${made.info.id})`, now());
      return await reply.code(201).send(made);
    },
  );
  app.delete(
    '/api/v1/tokens/:id',
    {
      schema: { summary: 'Revoke a token for good', tags, security, params: Id, response: { 204: Type.Null() } },
      onRequest: admin,
    },
    async (request, reply) => {
      const { id } = request.params;
      const actor = await guard(request, 'admin');
      if (!(await tokens.revoke(id, now()))) throw new ServerError('EBB_SERVER_NOT_FOUND', `there is no token ${id}`);
      authenticator.forget();
      await tokens.audit(actor.name, 'token.revoke', String(id), now());
      return await reply.code(204).send(null);
    },
  );
  app.get(
    '/api/v1/audit',
    {
      schema: {
        summary: 'Who did what, newest first',
        tags,
        security,
        querystring: Type.Object({ most: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }) }),
        response: { 200: Type.Array(Entry) },
      },
      onRequest: admin,
    },
    async (request) => await tokens.auditLog(request.query.most),
  );
};
