/** The HTTP side: plugins that make it safe, the routes, and the document of the API. */
import helmet from '@fastify/helmet';
import fastify, { type FastifyInstance } from 'fastify';
import { ServerError } from '../errors/server-error.ts';
import { answerError } from './answer-error.ts';
import type { Context } from './context.ts';
import { addDocument } from './document.ts';
import { boundIdleConnections } from './idle-connections.ts';
import { lazySchemas } from './lazy-schemas.ts';
import { LogStream } from './log-stream.ts';
import { addRoutes } from './routes/all.ts';
import { endUnusedConnections } from './unused-connections.ts';

/** What a client may take to send a request; a slower one is cut off. */
const slowestRequestMs = 30_000;

/** The app, ready to listen. What goes wrong unforeseen is written to standard error, a line of JSON each. */
export async function makeApp(context: Context): Promise<FastifyInstance> {
  const { limits } = context;
  const app = fastify({
    bodyLimit: limits.bodyBytes,
    requestTimeout: slowestRequestMs,
    logger: { level: 'error', stream: new LogStream(process.stderr, context.now) },
    // Long names in a path are nobody's.
    routerOptions: { maxParamLength: 100 },
    forceCloseConnections: 'idle',
    // What a schema does not know is refused, not dropped.
    ajv: { customOptions: { removeAdditional: false } },
    schemaController: { compilersFactory: lazySchemas() },
  });
  const idle = boundIdleConnections(app.server);
  app.addHook('onClose', () => idle.stop());
  endUnusedConnections(app);
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request) => {
    throw new ServerError('EBB_SERVER_NOT_FOUND', `there is no ${request.method} ${request.url.slice(0, 200)}`);
  });
  await app.register(helmet, {
    contentSecurityPolicy: { directives: { 'upgrade-insecure-requests': null } },
    // With no-referrer browsers send `Origin: null`, and forms could not be told from those of other sites.
    referrerPolicy: { policy: 'same-origin' },
  });
  await addRoutes(app, context);
  addDocument(app, context);
  await app.ready();
  return app;
}
