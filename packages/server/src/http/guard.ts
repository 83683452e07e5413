/** Who may call a route. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { tokenOf } from '../access/authenticator.ts';
import type { Caller } from '../access/caller.ts';
import { isSafe, isSameOrigin } from '../access/same-origin.ts';
import { sessionSecretOf } from '../access/session.ts';
import { mayAct, type Role } from '../access/token.ts';
import { ServerError } from '../errors/server-error.ts';
import type { Context } from './context.ts';
import { isSecure } from './public-address.ts';

/**
 * Lets requests of a role pass, and says whose they are. `told` is a token that stands elsewhere than in the header, which
 * wins.
 */
export type Guard = (request: FastifyRequest, needed: Role, told?: string) => Promise<Caller>;

/**
 * A guard: by the token in `authorization`, or else by the session in the cookie. Who guesses is slowed down: wrong ones
 * count by address, valid ones are never held up by them. A refusal of somebody who sent something is audited.
 */
export function makeGuard(app: FastifyInstance, context: Context): Guard {
  const { refusals, limits } = context;
  const countRefusal = app.createRateLimit({ max: limits.refusalsPerMinute, timeWindow: 60_000 });
  const note = async (actor: string, what: string, { method, routeOptions, ip }: FastifyRequest): Promise<void> =>
    await refusals.note(actor, `${what}: ${method} ${routeOptions.url ?? 'unknown path'}, from ${ip}`);
  return async (request, needed, told) => {
    let caller: Caller;
    try {
      caller = await identify(request, context, told);
    } catch (error) {
      if (!(error instanceof ServerError) || error.code !== 'EBB_SERVER_UNAUTHORIZED') throw error;
      const count = await countRefusal(request);
      if (!count.isAllowed && count.isExceeded)
        throw new ServerError('EBB_SERVER_TOO_MANY_REQUESTS', 'too many requests with wrong tokens');
      if ((request.headers.authorization ?? told) !== undefined) await note('unknown', 'a wrong token', request);
      throw error;
    }
    if (caller.sessionId !== null && !isSafe(request.method) && !isSameOrigin(request.headers, originOf(context))) {
      await note(caller.name, 'a page of another site', request);
      throw new ServerError('EBB_SERVER_CROSS_ORIGIN', 'the request comes from a page of another site');
    }
    if (mayAct(caller.role, needed)) return caller;
    await note(caller.name, `'${caller.role}' is not '${needed}'`, request);
    throw new ServerError('EBB_SERVER_FORBIDDEN', `the role '${caller.role}' may not do this; '${needed}' may`);
  };
}

/** The origin that readers see, where it was told. */
export function originOf({ publicUrl }: Pick<Context, 'publicUrl'>): string | null {
  return publicUrl?.origin ?? null;
}

async function identify(request: FastifyRequest, context: Context, told: string | undefined): Promise<Caller> {
  const { authenticator, sessions, publicUrl, now } = context;
  const { authorization, cookie } = request.headers;
  const token = tokenOf(authorization) ?? told;
  const secret = token === undefined ? sessionSecretOf(cookie, isSecure(request, publicUrl)) : undefined;
  if (secret === undefined) {
    const { name, role, expiresMs } = await authenticator.identify(token);
    return { name, role, expiresMs, userId: null, sessionId: null };
  }
  const caller = await sessions.find(secret, now(), !isInBackground(request));
  if (caller === undefined) throw new ServerError('EBB_SERVER_UNAUTHORIZED', 'the session has ended');
  return caller;
}

/** What a page asks for by itself does not keep a session that nobody uses. */
function isInBackground({ headers }: FastifyRequest): boolean {
  return headers['ebb-background'] !== undefined || headers.accept === 'text/event-stream';
}
