/** The session of a browser: log in, log out, who am I. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '../type.ts';
import { longestPassword } from '../../access/password.ts';
import { roles, type Role } from '../../access/token.ts';
import type { Context } from '../context.ts';
import type { Guard } from '../guard.ts';
import type { LogIns } from '../log-ins.ts';

const tags = ['access'];
const Credentials = Type.Union([
  Type.Object(
    { name: Type.String({ maxLength: 100 }), password: Type.String({ maxLength: longestPassword }) },
    { additionalProperties: false },
  ),
  Type.Object({ token: Type.String({ maxLength: 100 }) }, { additionalProperties: false }),
]);
const Session = Type.Object({
  name: Type.String(),
  role: Type.Unsafe<Role>({ type: 'string', enum: [...roles] }),
  expiresMs: Type.Union([Type.Integer({ description: 'Milliseconds since 1970.' }), Type.Null()]),
});

/** Adds `/api/v1/session`. */
export const sessionRoutes: FastifyPluginAsyncTypebox<{ context: Context; guard: Guard; logIns: LogIns }> = async (
  app,
  { guard, logIns },
) => {
  app.post(
    '/api/v1/session',
    {
      schema: {
        summary: 'Log in: sets a cookie',
        description: 'With name and password, or with a token of another role than agent.',
        tags,
        body: Credentials,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      await logIns.begin(request, reply, request.body);
      return await reply.code(204).send(null);
    },
  );
  app.get(
    '/api/v1/session',
    { schema: { summary: 'Who sends this request', tags, security: [{ token: [] }], response: { 200: Session } } },
    async (request) => {
      const { name, role, expiresMs } = await guard(request, 'viewer');
      return { name, role, expiresMs };
    },
  );
  app.delete(
    '/api/v1/session',
    { schema: { summary: 'Log out', tags, response: { 204: Type.Null() } } },
    async (request, reply) => {
      await logIns.end(request, reply);
      return await reply.code(204).send(null);
    },
  );
};
