/**
 * Why a collection has no bound by itself. That code adds to it is not enough: tables of handlers, and caches by
 * language or by type, are full once the program has seen everything. What speaks for growth with the traffic:
 *
 * - what is put in, or its key, is made anew by each call: an id that was drawn, a counter, a timer, an object;
 * - its key is named after what traffic brings: a session, an address, a message;
 * - it happens while a request is answered, with something of that request.
 */
import { AST_NODE_TYPES as T, type TSESLint } from '@typescript-eslint/utils';
import { behind } from '../code/bindings.ts';
import { mentionsRequest, requestFunction } from '../code/lifetime.ts';
import { enclosingFunction, isFunction, keyName, terminalName, unwrap, type Node } from '../code/nodes.ts';
import type { Container } from './holders.ts';
import type { Use } from './uses.ts';

type SourceCode = Readonly<TSESLint.SourceCode>;

/** Words that are named after what comes with traffic, in lower case; `sessionId` is two words. */
export const TRAFFIC_WORDS: readonly string[] =
  'request req session sid token ip client socket connection conn user customer visitor packet job order nonce email peer cart login remote uuid guid'.split(
    ' ',
  );

/** What a call makes new by its name alone: `randomUUID()`, `newSessionId()`, `setTimeout()`. */
const MAKERS = new Set('random randomUUID randomBytes randomInt nanoid uuid uuidv4 uuidv7 v4 v7 ulid cuid'.split(' '));
const TIMERS = new Set(['setTimeout', 'setInterval', 'setImmediate']);

/** Why what is added comes anew with each call. */
export type Evidence = 'fresh' | 'timer' | 'traffic' | 'request';

/** The evidence that an addition goes on as long as there is traffic; undefined where there is none. */
export function evidenceOf(
  sourceCode: SourceCode,
  use: Use,
  container: Container,
  trafficWords: ReadonlySet<string>,
): Evidence | undefined {
  const key = container === 'Array' ? undefined : use.key;
  if (use.value && isTimer(sourceCode, use.value)) return 'timer';
  if (key && isFreshKey(sourceCode, key)) return 'fresh';
  if (key && wordsOf(key).some((word) => trafficWords.has(word))) return 'traffic';
  if ((container === 'Set' || container === 'Array') && use.value && isFreshObject(sourceCode, use.value))
    return 'fresh';
  const around = requestFunction(use.node);
  const parts = [use.key, use.value].filter((part) => part !== undefined);
  return around && parts.some((part) => mentionsRequest(sourceCode, part)) ? 'request' : undefined;
}

function isTimer(sourceCode: SourceCode, value: Node): boolean {
  const node = behind(sourceCode, value);
  return node.type === T.CallExpression && TIMERS.has(terminalName(node.callee) ?? '');
}

/** A key that no earlier call has had. */
function isFreshKey(sourceCode: SourceCode, key: Node, depth = 0): boolean {
  if (depth > 4) return false;
  const node = behind(sourceCode, key);
  switch (node.type) {
    case T.UpdateExpression:
      return true;
    case T.CallExpression: {
      const name = terminalName(node.callee) ?? '';
      if (MAKERS.has(name) || isIdMaker(name)) return true;
      // Math.random().toString(36), randomBytes(8).toString('hex'), String(++last)
      const parts = [...node.arguments, ...(node.callee.type === T.MemberExpression ? [node.callee.object] : [])];
      return parts.some((part) => isFreshKey(sourceCode, part, depth + 1));
    }
    case T.BinaryExpression:
      return [node.left, node.right].some((part) => isFreshKey(sourceCode, part, depth + 1));
    case T.TemplateLiteral:
      return node.expressions.some((part) => isFreshKey(sourceCode, part, depth + 1));
    case T.MemberExpression:
      return isFreshProperty(sourceCode, node.object, terminalName(node), depth);
    default:
      return false;
  }
}

/** `session.id` where `const session = { id: randomUUID() }` stands in the same function. */
function isFreshProperty(sourceCode: SourceCode, object: Node, name: string | undefined, depth: number): boolean {
  const made = behind(sourceCode, object);
  if (made.type !== T.ObjectExpression) return false;
  return made.properties.some(
    (property) =>
      property.type === T.Property && keyName(property) === name && isFreshKey(sourceCode, property.value, depth + 1),
  );
}

/** `newSessionId`, `_nextId`, `generateToken`: a verb of making, and a noun of identity. */
function isIdMaker(name: string): boolean {
  const words = camelWords(name);
  return (
    ['next', 'new', 'generate', 'create', 'make', 'gen', 'unique'].includes(words[0] ?? '') &&
    ['id', 'uuid', 'token', 'key', 'nonce'].includes(words.at(-1) ?? '')
  );
}

/** An object, a function or an instance that this very call makes; `this` in a constructor is one as well. */
function isFreshObject(sourceCode: SourceCode, value: Node): boolean {
  const node = behind(sourceCode, value);
  if (node.type === T.ThisExpression) {
    const fn = enclosingFunction(node);
    return fn?.parent.type === T.MethodDefinition && fn.parent.kind === 'constructor';
  }
  return node.type === T.ObjectExpression || node.type === T.NewExpression || isFunction(node);
}

/** The words in the names that a key is read from; what a call was given says nothing of what it gives. */
function wordsOf(key: Node): string[] {
  const node = unwrap(key);
  if (node.type === T.Identifier) return camelWords(node.name);
  if (node.type === T.MemberExpression) {
    return [...wordsOf(node.object), ...camelWords(terminalName(node) ?? '')];
  }
  if (node.type === T.TemplateLiteral) return node.expressions.flatMap((part) => wordsOf(part));
  if (node.type === T.BinaryExpression) return [node.left, node.right].flatMap((part) => wordsOf(part));
  return [];
}

/** `messageId` is `message` and `id`; `IP` is `ip`. */
function camelWords(name: string): string[] {
  return name
    .replace(/([a-z\d])([A-Z])/gu, '$1 $2')
    .toLowerCase()
    .split(/[^a-z\d]+/u)
    .filter((word) => word !== '');
}
