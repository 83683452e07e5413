/** Server-sent events: what changes, while it changes. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '../type.ts';
import { asServerError } from '../answer-error.ts';
import { ServerError } from '../../errors/server-error.ts';
import { EventStream } from '../../live/event-stream.ts';
import type { Context } from '../context.ts';
import type { Guard } from '../guard.ts';

/** Whether who follows may still do so is asked so often. */
const checkEveryMs = 5000;

/** Adds `GET /api/v1/events`. */
export const eventRoutes: FastifyPluginAsyncTypebox<{ context: Context; guard: Guard }> = async (
  app,
  { context: { feed, limits }, guard },
) => {
  const streams = new Set<EventStream>();
  // Before connections are waited for: these would never end by themselves.
  app.addHook('preClose', async () => {
    for (const stream of streams) stream.finish({ code: 'EBB_SERVER_BUSY', message: 'the server is being stopped' });
  });
  app.get(
    '/api/v1/events',
    {
      schema: {
        summary: 'Follow what changes, as server-sent events',
        description:
          'Events: `hello` (where the feed stands), `service` (a service as `/api/v1/services` tells it, after something changed), `verdict` (a process got another verdict), `incident` (an entry on its timeline), `reset` (read everything anew: too much was missed), `end` (why the server ends the stream). With `Last-Event-ID` what was missed comes first, some of it perhaps twice. A comment comes every 15 seconds. Who reads too slowly, and whose token or session ends, is let go.',
        tags: ['live'],
        security: [{ token: [] }],
        headers: Type.Object({ 'last-event-id': Type.Optional(Type.String({ maxLength: 30 })) }),
        produces: ['text/event-stream'],
      },
      // To HEAD a stream would never end.
      exposeHeadRoute: false,
      onRequest: async (request) => {
        await guard(request, 'viewer');
      },
    },
    async (request, reply) => {
      if (streams.size >= limits.mostFollowers)
        throw new ServerError('EBB_SERVER_BUSY', `${streams.size} clients follow already`);
      const stream = new EventStream();
      streams.add(stream);
      const follower = stream.send.bind(stream);
      const check = setInterval(() => {
        guard(request, 'viewer').catch((error: unknown) => {
          const { code, message } = asServerError(error);
          // A database that is away for a while is no reason.
          if (code === 'EBB_SERVER_UNAUTHORIZED' || code === 'EBB_SERVER_FORBIDDEN') stream.finish({ code, message });
        });
      }, checkEveryMs).unref();
      stream.once('close', () => {
        clearInterval(check);
        feed.unfollow(follower);
        streams.delete(stream);
      });
      try {
        for (const event of await feed.follow(follower, lastIdOf(request.headers['last-event-id']))) stream.send(event);
      } catch (error) {
        stream.destroy();
        throw error;
      }
      return await reply
        .type('text/event-stream')
        // Proxies keep it, or wait for more, unless they are told not to. The connection ends with the stream: a server
        // that is stopped waits for those that are kept alive.
        .headers({ 'cache-control': 'no-store', 'x-accel-buffering': 'no', connection: 'close' })
        .send(stream);
    },
  );
};

/** Behind which event the client goes on; null for a new one. What is no id of ours is one that nobody knows any more. */
function lastIdOf(header: string | undefined): number | null {
  if (header === undefined || header === '') return null;
  return /^\d{1,15}$/.test(header) ? Number(header) : -1;
}
