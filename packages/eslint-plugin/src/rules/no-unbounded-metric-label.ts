import { AST_NODE_TYPES as T, type TSESLint, type TSESTree } from '@typescript-eslint/utils';
import { importedAs, initOf, selfOf, variableOf } from '../code/bindings.ts';
import { indexOf, methodCallsIn } from '../code/file-index.ts';
import { isOfRequest } from '../code/lifetime.ts';
import { keyName, methodCall, propertyName, rootOf, terminalName, unwrap, type Node } from '../code/nodes.ts';
import { typeNameOf } from '../code/types.ts';
import { createRule, report, type Rule } from '../rule.ts';

/** What can be configured. */
export interface MetricLabelOptions {
  /** More properties of a request whose values have no end. */
  readonly properties?: readonly string[];
}

type Messages = 'label';
type Options = [MetricLabelOptions];
type SourceCode = Readonly<TSESLint.SourceCode>;

const METRICS = new Set(['Counter', 'Gauge', 'Histogram', 'Summary']);
const WITH_LABELS = new Set(['inc', 'dec', 'set', 'observe', 'labels', 'startTimer', 'setToCurrentTime']);

/** What a client chooses freely; a route's pattern (`req.route.path`) it does not. */
const UNBOUNDED = [
  'url',
  'originalUrl',
  'path',
  'ip',
  'ips',
  'hostname',
  'params',
  'query',
  'body',
  'headers',
  'cookies',
  'id',
  'user',
  'session',
  'sessionID',
];

/** prom-client keeps a series for each combination of label values that it has ever seen. */
export const noUnboundedMetricLabel: Rule<Messages, Options> = createRule<Options, Messages>({
  name: 'no-unbounded-metric-label',
  meta: {
    type: 'problem',
    docs: {
      description: 'Disallow values that clients choose as labels of prom-client metrics',
      preset: 'recommended',
    },
    messages: {
      label:
        'Each value of {{value}} makes a series of this metric that stays for ever, and clients choose the value. Use what has few values: the pattern of the route (req.route.path), the method, the status. (leak {{fingerprint}})',
    },
    schema: [
      {
        type: 'object',
        additionalProperties: false,
        properties: { properties: { type: 'array', items: { type: 'string' }, uniqueItems: true } },
      },
    ],
    defaultOptions: [{}],
  },
  create(context, [options]) {
    const { sourceCode } = context;
    const unbounded = new Set([...UNBOUNDED, ...(options.properties ?? [])]);
    return {
      'Program:exit'(): void {
        for (const { call, object } of methodCallsIn(sourceCode, WITH_LABELS)) {
          const value = call.arguments
            .flatMap((argument) => labelValues(sourceCode, argument))
            .find((each) => isClientsChoice(sourceCode, each, unbounded));
          if (!value || !isMetric(sourceCode, object)) continue;
          report(context, {
            node: value,
            messageId: 'label',
            data: { value: sourceCode.getText(value) },
            leak: { scope: 'module', symbol: terminalName(object) ?? '', kind: 'collection' },
          });
        }
      },
    };
  },
});

/** Values that may become labels: arguments of `labels(…)`, the properties of an object. */
function labelValues(sourceCode: SourceCode, argument: TSESTree.CallExpressionArgument): Node[] {
  const node = unwrap(argument);
  if (node.type !== T.ObjectExpression) return [node];
  return node.properties.flatMap((property) => (property.type === T.Property ? [unwrap(property.value)] : []));
}

function isClientsChoice(sourceCode: SourceCode, value: Node, unbounded: ReadonlySet<string>): boolean {
  if (value.type === T.Identifier) {
    const definition = variableOf(sourceCode, value)?.defs[0]?.node;
    if (definition?.type !== T.VariableDeclarator || !definition.init) return false;
    const init = unwrap(definition.init);
    if (definition.id.type !== T.ObjectPattern)
      return init.type !== T.Identifier && isClientsChoice(sourceCode, init, unbounded);
    // const { path } = req
    return (
      isOfRequest(sourceCode, init) &&
      definition.id.properties.some(
        (each) =>
          each.type === T.Property &&
          each.value.type === T.Identifier &&
          each.value.name === value.name &&
          unbounded.has(keyName(each) ?? ''),
      )
    );
  }
  if (value.type !== T.MemberExpression) return false;
  const root = rootOf(value);
  let first: TSESTree.MemberExpression = value;
  while (unwrap(first.object).type === T.MemberExpression) first = unwrap(first.object) as TSESTree.MemberExpression;
  return isOfRequest(sourceCode, root) && unbounded.has(propertyName(first) ?? '');
}

/** Made of a class of prom-client in this file, or known to be one by its type. */
function isMetric(sourceCode: SourceCode, object: Node): boolean {
  let node = object;
  const before = methodCall(node); // counter.labels(…).inc()
  if (before?.method === 'labels') node = before.object;
  const made = madeBy(sourceCode, node);
  if (made?.type === T.NewExpression) {
    const from = importedAs(sourceCode, made.callee);
    if (from) return from.module === 'prom-client' && METRICS.has(from.name);
  }
  return METRICS.has(typeNameOf(sourceCode, node) ?? '');
}

/** What a variable, or a field of this class, was set to. */
function madeBy(sourceCode: SourceCode, node: Node): Node | undefined {
  const init = initOf(variableOf(sourceCode, node));
  if (init) return unwrap(init);
  const name = propertyName(node);
  if (node.type !== T.MemberExpression || name === undefined || !selfOf(sourceCode, node.object)) return undefined;
  const { fields, assignments } = indexOf(sourceCode);
  const value =
    fields.find((field) => keyName(field) === name)?.value ??
    assignments.find(({ left }) => propertyName(left) === name)?.right;
  return value ? unwrap(value) : undefined;
}
