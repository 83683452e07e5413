/** Errors as answers: a stable code, what was wrong, what to do next; nothing of the server's insides. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { ServerErrorCode } from '../errors/registry.ts';
import { ServerError } from '../errors/server-error.ts';
import { isRefusedValue } from '../store/refused-value.ts';

const byStatus: Readonly<Record<number, ServerErrorCode>> = {
  400: 'EBB_SERVER_BAD_REQUEST',
  404: 'EBB_SERVER_NOT_FOUND',
  413: 'EBB_SERVER_TOO_LARGE',
  415: 'EBB_SERVER_MEDIA_TYPE',
  429: 'EBB_SERVER_TOO_MANY_REQUESTS',
};

/** Any error as one of the server's. What nobody foresaw is a bug, and is told without its message. */
export function asServerError(error: unknown): ServerError {
  if (error instanceof ServerError) return error;
  if (isRefusedValue(error))
    return new ServerError('EBB_SERVER_BAD_REQUEST', `the database cannot hold a value: ${error.message}`, {
      cause: error,
    });
  const { statusCode, message } = error as Partial<FastifyError>;
  const code = byStatus[statusCode ?? 0];
  if (code !== undefined) return new ServerError(code, message ?? 'the request cannot be taken', { cause: error });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new ServerError('EBB_SERVER_BAD_REQUEST', message ?? 'the request cannot be taken', { cause: error });
  return new ServerError('EBB_SERVER_INTERNAL', 'the server failed in a way that it did not foresee', { cause: error });
}

/** Answers with the error, as JSON. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const told = asServerError(error);
  if (told.statusCode >= 500) request.log.error({ err: told.cause ?? told }, told.message);
  void setErrorHeaders(reply, told).send({ code: told.code, message: told.message, next: told.next });
}

/** Sets the status, and what a client needs to know to come back. */
export function setErrorHeaders(reply: FastifyReply, { statusCode, code }: ServerError): FastifyReply {
  void reply.code(statusCode);
  if (statusCode === 401) void reply.header('www-authenticate', 'Bearer realm="ebb"');
  if (code === 'EBB_SERVER_BUSY' || code === 'EBB_SERVER_DATABASE') void reply.header('retry-after', '5');
  return reply;
}
