/** Prometheus remote-write 1.0, for processes in any language that Prometheus scrapes. */
import type { FastifyInstance } from 'fastify';
import { ServerError } from '../../errors/server-error.ts';
import { readWriteRequest, unpackSnappy } from '../../ingest/remote-write.ts';
import type { Intake } from '../../ingest/reports.ts';
import { takeIn } from '../../ingest/take-in.ts';
import type { Context } from '../context.ts';
import type { Guard } from '../guard.ts';

/** Adds `POST /api/v1/write`. */
export async function remoteWriteRoutes(
  app: FastifyInstance,
  { context, guard }: { context: Context; guard: Guard },
): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/x-protobuf', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  app.post(
    '/api/v1/write',
    {
      schema: {
        summary: 'Take samples by Prometheus remote-write 1.0',
        description:
          'A `prometheus.WriteRequest`, snappy. Answered with 204 when it is committed; what is refused is counted in `/api/v1/intake`, since Prometheus would send it again for ever.',
        tags: ['telemetry'],
        security: [{ token: [] }],
      },
      config: { rateLimit: { max: context.limits.reportsPerMinute } },
      onRequest: async (request) => {
        await guard(request, 'agent');
      },
    },
    async (request, reply) => {
      const { counters, writer, limits, now } = context;
      if (/io\.prometheus\.write\.v2/.test(request.headers['content-type'] ?? ''))
        throw new ServerError('EBB_SERVER_MEDIA_TYPE', 'this is remote-write 2.0; 1.0 is what is taken');
      let intake: Intake;
      try {
        intake = readWriteRequest(await unpackSnappy(request.body as Buffer, limits.bodyBytes), now());
      } catch (error) {
        counters.malformed();
        if (error instanceof ServerError) throw error;
        throw new ServerError('EBB_SERVER_BAD_REQUEST', 'the body is no prometheus.WriteRequest', { cause: error });
      }
      await takeIn(intake, writer, counters);
      return await reply.code(204).send();
    },
  );
}
