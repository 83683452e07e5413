/** Bodies that a webhook's secret signs: as they came, byte by byte, and no guesses without end. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ServerError } from '../errors/server-error.ts';

/** Takes JSON as bytes in this part of the server. Returns what checks a body, and gives it back. */
export function takeSignedBodies(
  app: FastifyInstance,
  { refusalsPerMinute }: { refusalsPerMinute: number },
): (request: FastifyRequest, check: (body: Buffer) => void) => Promise<Buffer> {
  const mayRefuse = app.createRateLimit({ max: refusalsPerMinute, timeWindow: 60_000 });
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  return async (request, check) => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    try {
      check(body);
    } catch (error) {
      const count = await mayRefuse(request);
      if (!count.isAllowed && count.isExceeded)
        throw new ServerError('EBB_SERVER_TOO_MANY_REQUESTS', 'too many bodies with wrong signatures');
      throw error;
    }
    return body;
  };
}
