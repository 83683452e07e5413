/**
 * The OpenAPI document, made from the routes, and the page that shows it. Both are made when somebody asks for them:
 * what they need would be a quarter of a server's memory at its start.
 */
import type { StaticDocumentSpec } from '@fastify/swagger';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Context } from './context.ts';
import { lazySchemas } from './lazy-schemas.ts';
import { addRoutes } from './routes/all.ts';

const path = '/api/v1/openapi.json';
const pagePrefix = '/api/v1/docs';

type Document = ReturnType<FastifyInstance['swagger']>;

/** Adds the document at `/api/v1/openapi.json`, and its page at `/api/v1/docs`. */
export function addDocument(app: FastifyInstance, context: Context): void {
  let document: Promise<Document> | undefined;
  let page: Promise<FastifyInstance> | undefined;
  const made = async (): Promise<Document> => await (document ??= makeDocument(context));
  const show = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    page ??= made().then(makePage);
    const shown = await page;
    reply.hijack();
    shown.routing(request.raw, reply.raw);
  };
  app.get(path, made);
  app.get(pagePrefix, show);
  app.get(`${pagePrefix}/*`, show);
  app.addHook('onClose', async () => await (await page)?.close());
}

/** The routes are added once more, to an app that never listens: the one that does is not told of them for this. */
async function makeDocument(context: Context): Promise<Document> {
  const { default: swagger } = await import('@fastify/swagger');
  const app = fastify({ schemaController: { compilersFactory: lazySchemas() } });
  await app.register(swagger, {
    openapi: {
      info: { title: 'Ebb', version: context.version, description: 'Times are milliseconds since 1970, sizes bytes.' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
  });
  await addRoutes(app, context);
  await app.ready();
  return app.swagger();
}

/** An app of its own: one that is ready takes no plugins any more. */
async function makePage(document: Document): Promise<FastifyInstance> {
  const [{ default: swagger }, { default: swaggerUi }] = await Promise.all([
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
  ]);
  const page = fastify();
  await page.register(swagger, {
    mode: 'static',
    specification: { document: document as StaticDocumentSpec['document'] },
  });
  await page.register(swaggerUi, { routePrefix: pagePrefix, staticCSP: true });
  await page.ready();
  return page;
}
