/** Logging in and out over HTTP: for the page's forms and for the API. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { logIn, type Credentials } from '../access/log-in.ts';
import { isSameOrigin } from '../access/same-origin.ts';
import { sessionCookie } from '../access/session.ts';
import { ServerError } from '../errors/server-error.ts';
import type { Context } from './context.ts';
import { originOf, type Guard } from './guard.ts';
import { isSecure } from './public-address.ts';

/** Begins and ends sessions. */
export interface LogIns {
  /**
   * Checks the credentials and sets the cookie.
   *
   * @throws {ServerError} EBB_SERVER_LOG_IN, EBB_SERVER_FORBIDDEN, EBB_SERVER_CROSS_ORIGIN, EBB_SERVER_TOO_MANY_REQUESTS
   */
  begin(request: FastifyRequest, reply: FastifyReply, credentials: Credentials): Promise<void>;
  /** Ends the session of the request, if it has one, and takes the cookie away. */
  end(request: FastifyRequest, reply: FastifyReply): Promise<void>;
}

/** An address may try so many names, each as often as it may. */
const namesAnAddress = 6;

/** Who guesses is slowed down by address and name, and by address. */
export function makeLogIns(app: FastifyInstance, guard: Guard, context: Context): LogIns {
  const { limits, tokens, publicUrl, sessions, now } = context;
  const names = new WeakMap<FastifyRequest, string>();
  const max = limits.logInsPerMinute;
  const counts = [
    app.createRateLimit({ max, timeWindow: 60_000, keyGenerator: (request) => `${request.ip} ${names.get(request)}` }),
    app.createRateLimit({
      max: max * namesAnAddress,
      timeWindow: 60_000,
      keyGenerator: (request) => `log-in ${request.ip}`,
    }),
  ];
  return {
    begin: async (request, reply, credentials) => {
      // Without a cookie, too: nobody is to be logged in as somebody else without noticing.
      if (!isSameOrigin(request.headers, originOf(context)) && isFromBrowser(request))
        throw new ServerError('EBB_SERVER_CROSS_ORIGIN', 'the log-in comes from a page of another site');
      names.set(request, 'name' in credentials ? credentials.name.toLowerCase() : 'with a token');
      for (const count of counts) {
        const { isAllowed, ...told } = await count(request);
        if (!isAllowed && 'isExceeded' in told && told.isExceeded) {
          void reply.header('retry-after', String(told.ttlInSeconds));
          throw new ServerError('EBB_SERVER_TOO_MANY_REQUESTS', `more than ${max} attempts to log in within a minute`);
        }
      }
      const secret = await logIn(credentials, request.ip, context);
      void reply.header('set-cookie', sessionCookie(secret, isSecure(request, publicUrl)));
    },
    end: async (request, reply) => {
      const { sessionId, name } = await guard(request, 'viewer');
      if (sessionId !== null) {
        await sessions.end(sessionId);
        await tokens.audit(name, 'session.end', '', now());
      }
      void reply.header('set-cookie', sessionCookie(null, isSecure(request, publicUrl)));
    },
  };
}

/** Browsers say where a POST comes from; a program that says nothing has nobody's cookie. */
function isFromBrowser({ headers }: FastifyRequest): boolean {
  return headers['sec-fetch-site'] !== undefined || headers.origin !== undefined || headers.cookie !== undefined;
}
