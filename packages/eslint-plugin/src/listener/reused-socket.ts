/** Listeners for the connection of a socket that may be connected already. */
import { AST_NODE_TYPES as T, type TSESLint } from '@typescript-eslint/utils';
import { indexOf } from '../code/file-index.ts';
import { isFunction, stringValue, terminalName, type Node } from '../code/nodes.ts';
import type { Registration } from './registrations.ts';

const EVENTS = new Set(['connect', 'secureConnect', 'lookup', 'ready']);

/**
 * `request.socket.once('connect', …)` in a file that never asks whether the socket is `connecting`: a keep-alive agent
 * hands out sockets that are connected, and the event does not come.
 */
export function waitsOnReusedSocket(sourceCode: Readonly<TSESLint.SourceCode>, registration: Registration): boolean {
  const { byProperty } = indexOf(sourceCode);
  if (byProperty.has('connecting') || byProperty.has('reusedSocket') || byProperty.has('_connecting')) return false;
  const { event, emitter } = registration;
  return event !== undefined && EVENTS.has(event) && (isSocketOfRequest(emitter) || isGivenByRequest(registration));
}

/** `req.socket`, `request.connection`. */
function isSocketOfRequest(emitter: Node): boolean {
  if (emitter.type !== T.MemberExpression) return false;
  const property = terminalName(emitter);
  const owner = terminalName(emitter.object) ?? '';
  return (property === 'socket' || property === 'connection') && /^(req|request|clientRequest|_?req)$/u.test(owner);
}

/** `request.on('socket', (socket) => socket.once('connect', …))`. */
function isGivenByRequest({ call, emitter }: Registration): boolean {
  if (emitter.type !== T.Identifier) return false;
  for (let at: Node | undefined = call.parent; at; at = at.parent) {
    if (!isFunction(at)) continue;
    const [first] = at.params;
    if (first?.type !== T.Identifier || first.name !== emitter.name) continue;
    return at.parent.type === T.CallExpression && stringValue(at.parent.arguments[0]) === 'socket';
  }
  return false;
}
