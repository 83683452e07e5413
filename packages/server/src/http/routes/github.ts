/** Deployments, told by GitHub's webhooks. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '../type.ts';
import { ServerError } from '../../errors/server-error.ts';
import { checkSignature, readGithub } from '../../ingest/github.ts';
import { longestText } from '../../ingest/report.ts';
import type { Context } from '../context.ts';
import { takeSignedBodies } from '../signed-bodies.ts';

/** GitHub's own limit is 25 MB, which no deployment comes near. */
const mostBytes = 1024 * 1024;
const Name = Type.Optional(Type.String({ minLength: 1, maxLength: longestText }));
const Taken = Type.Object({
  taken: Type.Boolean({ description: 'False for what is no change: a ping, a deployment that has not succeeded.' }),
  isNew: Type.Boolean({ description: 'False for what was sent before.' }),
});

/** Adds `POST /api/v1/github`. */
export const githubRoutes: FastifyPluginAsyncTypebox<{ context: Context }> = async (app, { context }) => {
  const { changes, counters, githubSecret, limits, now } = context;
  const signedBody = takeSignedBodies(app, limits);
  app.post(
    '/api/v1/github',
    {
      bodyLimit: mostBytes,
      schema: {
        summary: "Take deployments by GitHub's webhooks",
        description:
          'Events `deployment` and `deployment_status`, content type `application/json`, signed with the secret in `EBB_GITHUB_WEBHOOK_SECRET`. A deployment that succeeded is a change; whose it is stands in the query, or else is the name of the repository.',
        tags: ['changes'],
        security: [],
        querystring: Type.Object({ service: Name, environment: Name }),
        response: { 200: Taken },
      },
    },
    async (request) => {
      if (githubSecret === null)
        throw new ServerError(
          'EBB_SERVER_NOT_FOUND',
          'webhooks of GitHub are off: there is no EBB_GITHUB_WEBHOOK_SECRET',
        );
      const body = await signedBody(request, (bytes) =>
        checkSignature(bytes, request.headers['x-hub-signature-256'], githubSecret),
      );
      const { service, environment } = request.query;
      const change = readGithub(body, { service, environment }, now());
      if (change === null) return { taken: false, isNew: false };
      const recorded = await changes.record(change);
      if (recorded === null)
        throw new ServerError('EBB_SERVER_BAD_REQUEST', 'the server knows of as many services as it may');
      if (recorded.isNew) counters.tookChange();
      return { taken: true, isNew: recorded.isNew };
    },
  );
};
