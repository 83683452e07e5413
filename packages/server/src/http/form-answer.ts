import type { FastifyReply } from 'fastify';
import { asServerError } from './answer-error.ts';

/** What a form asks for, where its sender goes afterwards, and how its page is shown again where something was wrong. */
export interface FormWork {
  work: () => Promise<unknown>;
  back: string;
  again: (reply: FastifyReply, problem: string) => Promise<FastifyReply>;
}

/** Does what a form asks for; what was wrong with it is told on its own page. */
export async function answerForm(reply: FastifyReply, { work, back, again }: FormWork): Promise<FastifyReply> {
  try {
    await work();
  } catch (error) {
    const { statusCode, message, code } = asServerError(error);
    if (statusCode >= 500 || code === 'EBB_SERVER_NOT_FOUND') throw error;
    return await again(reply.code(statusCode), message);
  }
  return reply.redirect(back, 303);
}
