/** Users: admins only. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from '../type.ts';
import { addUser, changePassword, removeUser } from '../../access/user-admin.ts';
import type { UserRole } from '../../store/users.ts';
import type { Context } from '../context.ts';
import type { Guard } from '../guard.ts';

const security = [{ token: [] }];
const tags = ['access'];
const Id = Type.Object({ id: Type.Integer({ minimum: 1 }) });
const Role = Type.Unsafe<UserRole>({ type: 'string', enum: ['viewer', 'responder', 'admin'] });
const User = Type.Object({ id: Type.Integer(), name: Type.String(), role: Role, createdMs: Type.Integer() });
const Password = Type.String({ description: 'At least 12 characters.' });
const NewUser = Type.Object({ name: Type.String(), role: Role, password: Password }, { additionalProperties: false });

/** Adds `/api/v1/users`. */
export const userRoutes: FastifyPluginAsyncTypebox<{ context: Context; guard: Guard }> = async (
  app,
  { context, guard },
) => {
  const onRequest = async (request: FastifyRequest): Promise<void> => {
    await guard(request, 'admin');
  };
  app.get(
    '/api/v1/users',
    { schema: { summary: 'All users', tags, security, response: { 200: Type.Array(User) } }, onRequest },
    async () => await context.users.list(),
  );
  app.post(
    '/api/v1/users',
    { schema: { summary: 'Add a user', tags, security, body: NewUser, response: { 201: User } }, onRequest },
    async (request, reply) =>
      await reply.code(201).send(await addUser(await guard(request, 'admin'), request.body, context)),
  );
  app.put(
    '/api/v1/users/:id/password',
    {
      schema: {
        summary: 'Give a user another password, and end all sessions of the user',
        tags,
        security,
        params: Id,
        body: Type.Object({ password: Password }, { additionalProperties: false }),
        response: { 204: Type.Null() },
      },
      onRequest,
    },
    async (request, reply) => {
      await changePassword(await guard(request, 'admin'), request.params.id, request.body.password, context);
      return await reply.code(204).send(null);
    },
  );
  app.delete(
    '/api/v1/users/:id',
    {
      schema: {
        summary: 'Remove a user, and end all sessions of the user',
        tags,
        security,
        params: Id,
        response: { 204: Type.Null() },
      },
      onRequest,
    },
    async (request, reply) => {
      await removeUser(await guard(request, 'admin'), request.params.id, context);
      return await reply.code(204).send(null);
    },
  );
};
