/** OTLP/HTTP metrics at the path that exporters append to their endpoint: protobuf and JSON, plain or gzip. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ServerError } from '../../errors/server-error.ts';
import { encodeOtlpResponse, encodeStatus } from '../../ingest/otlp-answers.ts';
import { readOtlpJson } from '../../ingest/otlp-json.ts';
import { readOtlpProtobuf } from '../../ingest/otlp-protobuf.ts';
import type { Intake } from '../../ingest/reports.ts';
import { takeIn, type TakenIn } from '../../ingest/take-in.ts';
import { asServerError, setErrorHeaders } from '../answer-error.ts';
import type { Context } from '../context.ts';
import type { Guard } from '../guard.ts';
import { unpack } from '../unpack.ts';

const protobufType = 'application/x-protobuf';
const jsonType = 'application/json';

/** gRPC's codes for the statuses that have one, as the body of a refusal names them; others are UNKNOWN. */
const grpcCodes: Readonly<Record<number, number>> = { 400: 3, 401: 16, 403: 7, 429: 8, 503: 14 };
const unknown = 2;

/** Adds `POST /v1/metrics`. */
export async function otlpRoutes(
  app: FastifyInstance,
  { context, guard }: { context: Context; guard: Guard },
): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser([protobufType, jsonType], { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  app.setErrorHandler((error, request, reply) => {
    const told = asServerError(error);
    if (told.statusCode >= 500) request.log.error({ err: told.cause ?? told }, told.message);
    setErrorHeaders(reply, told);
    const message = `${told.message} (${told.code}); ${told.next}`;
    const code = grpcCodes[told.statusCode] ?? unknown;
    return isProtobuf(request)
      ? reply.type(protobufType).send(encodeStatus(code, message))
      : reply.type(jsonType).send({ code, message });
  });
  app.post(
    '/v1/metrics',
    {
      schema: {
        summary: 'Take metrics by OTLP/HTTP',
        description:
          'An `ExportMetricsServiceRequest` of OpenTelemetry, as `application/x-protobuf` or `application/json`, plain or gzip. Answered when it is committed. Points that are refused are counted in `partialSuccess`; points that Ebb has no use for are taken and dropped.',
        tags: ['telemetry'],
        security: [{ token: [] }],
      },
      config: { rateLimit: { max: context.limits.reportsPerMinute } },
      // Before the body is read: strangers' bodies cost nothing.
      onRequest: async (request) => {
        await guard(request, 'agent');
      },
    },
    async (request, reply) => await take(context, request, reply),
  );
}

async function take(context: Context, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { counters, writer, limits } = context;
  const encoding = request.headers['content-encoding'];
  const body = await unpack(request.body as Buffer, encoding, limits.bodyBytes).catch((error: unknown) => {
    counters.malformed();
    throw error;
  });
  const protobuf = isProtobuf(request);
  const nowMs = context.now();
  let intake: Intake;
  try {
    intake = protobuf ? readOtlpProtobuf(body, nowMs) : readOtlpJson(body.toString(), nowMs);
  } catch (error) {
    counters.malformed();
    if (error instanceof ServerError) throw error;
    throw new ServerError('EBB_SERVER_BAD_REQUEST', 'the body is no ExportMetricsServiceRequest', { cause: error });
  }
  const { refusedPoints, reasons } = await takeIn(intake, writer, counters);
  return protobuf
    ? reply.type(protobufType).send(encodeOtlpResponse(refusedPoints, reasons))
    : reply.type(jsonType).send(answerOf({ refusedPoints, reasons }));
}

function answerOf({ refusedPoints, reasons }: TakenIn): object {
  if (refusedPoints === 0) return {};
  return { partialSuccess: { rejectedDataPoints: String(refusedPoints), errorMessage: reasons } };
}

function isProtobuf(request: FastifyRequest): boolean {
  return request.headers['content-type']?.split(';')[0]?.trim().toLowerCase() === protobufType;
}
