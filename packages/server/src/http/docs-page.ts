/** The page that shows the API's document. What it needs is loaded when somebody looks at it: half of a server's start. */
import type { StaticDocumentSpec } from '@fastify/swagger';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';

const prefix = '/api/v1/docs';

/** Adds the page at `/api/v1/docs`, and what it loads. */
export function addDocsPage(app: FastifyInstance): void {
  let page: Promise<FastifyInstance> | undefined;
  const show = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    page ??= makePage(app.swagger());
    const shown = await page;
    reply.hijack();
    shown.routing(request.raw, reply.raw);
  };
  app.get(prefix, { schema: { hide: true } }, show);
  app.get(`${prefix}/*`, { schema: { hide: true } }, show);
  app.addHook('onClose', async () => await (await page)?.close());
}

/** An app of its own: one that is ready takes no plugins any more. */
async function makePage(document: ReturnType<FastifyInstance['swagger']>): Promise<FastifyInstance> {
  const [{ default: swagger }, { default: swaggerUi }] = await Promise.all([
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
  ]);
  const page = fastify();
  await page.register(swagger, {
    mode: 'static',
    specification: { document: document as StaticDocumentSpec['document'] },
  });
  await page.register(swaggerUi, { routePrefix: prefix, staticCSP: true });
  await page.ready();
  return page;
}
