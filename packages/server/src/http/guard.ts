/** Who may call a route. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { tokenOf } from '../access/authenticator.ts';
import type { Role } from '../access/token.ts';
import { ServerError } from '../errors/server-error.ts';
import type { TokenInfo } from '../store/tokens.ts';
import type { Context } from './context.ts';

/**
 * Lets requests of a role pass, and says whose they are. `told` is a token that stands elsewhere than in the header, which
 * wins.
 */
export type Guard = (request: FastifyRequest, needed: Role, told?: string) => Promise<TokenInfo>;

/** A guard. Who guesses tokens is slowed down: wrong ones count by address, valid ones are never held up by them. */
export function makeGuard(app: FastifyInstance, { authenticator, limits }: Context): Guard {
  const countRefusal = app.createRateLimit({ max: limits.refusalsPerMinute, timeWindow: 60_000 });
  return async (request, needed, told) => {
    try {
      return await authenticator.require(tokenOf(request.headers.authorization) ?? told, needed);
    } catch (error) {
      if (!(error instanceof ServerError) || error.code !== 'EBB_SERVER_UNAUTHORIZED') throw error;
      const count = await countRefusal(request);
      if (!count.isAllowed && count.isExceeded)
        throw new ServerError('EBB_SERVER_TOO_MANY_REQUESTS', 'too many requests with wrong tokens');
      throw error;
    }
  };
}
