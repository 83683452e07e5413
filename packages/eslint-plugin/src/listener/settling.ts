/** Listeners that settle a promise, and stay. */
import { AST_NODE_TYPES as T, type TSESLint } from '@typescript-eslint/utils';
import { selfOf } from '../code/bindings.ts';
import { indexOf } from '../code/file-index.ts';
import { enclosingFunction, isWithin, terminalName } from '../code/nodes.ts';
import { isOfProcess } from './emitters.ts';
import { listenerFunction, type Registration } from './registrations.ts';

type SourceCode = Readonly<TSESLint.SourceCode>;

/** Names of calls by which a listener may end itself. */
const ENDINGS = new Set(
  'off removeListener removeEventListener removeAllListeners unsubscribe unlisten cleanup clean dispose stop close destroy done finish'.split(
    ' ',
  ),
);

/** The last events of an emitter, by the habit of streams, sockets and processes: its listeners go with it. */
const LAST_EVENTS = new Set(['end', 'close', 'finish', 'exit']);

/**
 * `new Promise((resolve) => this.on(event, function listener(value) { resolve(value); }))`: `on`, on an emitter that
 * outlives the promise, with a listener that resolves and does not remove itself.
 */
export function isSettling(sourceCode: SourceCode, { method, event, emitter, listener, call }: Registration): boolean {
  if (method !== 'on' && method !== 'addListener' && method !== 'prependListener') return false;
  if (event !== undefined && LAST_EVENTS.has(event)) return false;
  const executor = enclosingFunction(call);
  const resolve = executor?.params[0];
  if (!executor || resolve?.type !== T.Identifier || resolve.name !== 'resolve') return false;
  if (executor.parent.type !== T.NewExpression && executor.parent.type !== T.CallExpression) return false;
  if (!selfOf(sourceCode, emitter) && !isOfProcess(sourceCode, emitter)) return false;
  const fn = listenerFunction(sourceCode, listener);
  if (!fn || !isWithin(fn, executor)) return false;
  const names = indexOf(sourceCode)
    .calls.filter((each) => isWithin(each, fn))
    .map(({ callee }) => terminalName(callee) ?? '');
  return names.includes('resolve') && !names.some((name) => ENDINGS.has(name));
}
