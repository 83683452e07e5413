/** Listeners that a request handler adds to what lives as long as the process. */
import type { TSESLint } from '@typescript-eslint/utils';
import { isOfRequest, requestFunction, runsOnce } from '../code/lifetime.ts';
import { rootOf, type Node } from '../code/nodes.ts';
import { isOfProcess, isProcess } from './emitters.ts';
import { isMadeIn, type Registration } from './registrations.ts';

type SourceCode = Readonly<TSESLint.SourceCode>;

/** In a handler, on an emitter of the process, with a function that the handler makes. */
export function isPerRequest(sourceCode: SourceCode, { call, method, emitter, listener }: Registration): boolean {
  const handler = requestFunction(call);
  if (!handler || runsOnce(sourceCode, call) || !isOfProcess(sourceCode, emitter)) return false;
  if (isOfRequest(sourceCode, rootOf(emitter))) return false;
  // What waits once for an event that comes is gone after it; the end of the process does not come.
  if ((method === 'once' || method === 'prependOnceListener') && !isProcess(sourceCode, emitter)) return false;
  return isMadeIn(sourceCode, listener, handler);
}

/** Whether a function holds on to the request that code around it was given. */
export function usesRequest(sourceCode: SourceCode, hook: Node): boolean {
  const scope = sourceCode.getScope(hook);
  const names = scope.through.map(({ identifier }) => identifier as Node);
  return names.some((name) => isOfRequest(sourceCode, name));
}
