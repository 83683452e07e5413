import { AST_NODE_TYPES as T, type TSESLint, type TSESTree } from '@typescript-eslint/utils';
import { indexOf } from '../code/file-index.ts';
import { runsOnce } from '../code/lifetime.ts';
import { enclosingFunction, isWithin, propertyName, wrapped, type Node } from '../code/nodes.ts';
import { closableOf, CLOSERS, type Using } from '../closing/closable.ts';
import { filesPipedToResponses } from '../closing/piped.ts';
import { createRule, report, type Rule } from '../rule.ts';

type Messages = 'never' | 'oneSide' | 'disposable' | 'declare' | 'piped';

/** One use of the variable that holds the instance. */
interface Use {
  readonly node: Node;
  /** `ends`: it is closed here, or handed to somebody who may; `used`: neither. */
  readonly kind: 'ends' | 'used';
}

/** Instances that listen to something, or tick, until they are closed, in code that does not close them. */
export const noUnclosedResource: Rule<Messages> = createRule<[], Messages>({
  name: 'no-unclosed-resource',
  meta: {
    type: 'problem',
    docs: {
      description: 'Disallow leaving open what listens, ticks or holds a file until it is closed',
      preset: 'recommended',
    },
    messages: {
      never:
        "{{name}} keeps this instance reachable from its constructor on ('{{symbol}}'), until {{closer}}() is called, and nobody here does. Call {{call}} in a finally block. (leak {{fingerprint}})",
      oneSide:
        "{{name}} keeps this instance reachable from its constructor on ('{{symbol}}'), until {{closer}}() is called. One side of the branch in line {{line}} hands it over or closes it; the other one uses it and leaves it open. Call {{call}} there, too, in a finally block. (leak {{fingerprint}})",
      disposable:
        "{{name}} keeps this instance reachable from its constructor on ('{{symbol}}'), until it is disposed of, and nobody here does. Declare it with `{{using}}`: it is disposed of at the end of the block. (leak {{fingerprint}})",
      piped:
        'pipe() does not destroy the stream of the file when the client goes away: the file stays open, one for each request that is broken off. Use pipeline() of node:stream, which destroys both. (leak {{fingerprint}})',
      declare: 'Declare {{variable}} with `{{using}}`.',
    },
    hasSuggestions: true,
    schema: [],
  },
  create(context) {
    const { sourceCode } = context;
    return {
      'Program:exit'(): void {
        for (const call of filesPipedToResponses(sourceCode)) {
          const leak = { scope: 'module', symbol: 'createReadStream', kind: 'other' } as const;
          report(context, { node: call, messageId: 'piped', leak });
        }
        for (const made of indexOf(sourceCode).news) {
          const declarator = wrapped(made).parent;
          if (declarator?.type !== T.VariableDeclarator || declarator.id.type !== T.Identifier) continue;
          if (declarator.parent.kind.includes('using') || runsOnce(sourceCode, made)) continue;
          const variable = sourceCode.getDeclaredVariables?.(declarator)[0];
          if (!variable || variable.defs.length !== 1) continue;
          const uses = usesOf(variable);
          const branch = halfClosed(uses, declarator);
          const isNever = uses.every(({ kind }) => kind === 'used');
          if (!isNever && !branch) continue;
          const closable = closableOf(sourceCode, made);
          if (!closable) continue;
          const { name, closer, using, leak } = closable;
          const data = {
            name,
            closer,
            symbol: leak.kind === 'timer' ? 'setInterval' : leak.symbol,
            variable: variable.name,
            call: `${variable.name}${closer.startsWith('[') ? '' : '.'}${closer}()`,
            line: String(branch?.loc.start.line ?? ''),
            using: using ?? '',
          };
          if (!isNever || using === undefined) {
            report(context, { node: made, messageId: isNever ? 'never' : 'oneSide', data, leak });
            continue;
          }
          const { parent: declaration } = declarator;
          const isAlone = declaration.declarations.length === 1;
          const suggest = isAlone && canAwait(using, made) ? [suggestion(declaration, using, data)] : [];
          report(context, { node: made, messageId: 'disposable', data, leak, suggest });
        }
      },
    };
  },
});

/** `using` for `const`. */
function suggestion(
  declaration: TSESTree.VariableDeclaration,
  using: Using,
  data: Readonly<Record<string, string>>,
): TSESLint.ReportSuggestionArray<Messages>[number] {
  const [start] = declaration.range;
  const fix = (fixer: TSESLint.RuleFixer): TSESLint.RuleFix =>
    fixer.replaceTextRange([start, start + declaration.kind.length], using);
  return { messageId: 'declare', data, fix };
}

function canAwait(using: Using, made: Node): boolean {
  return using === 'using' || enclosingFunction(made)?.async === true;
}

function usesOf(variable: TSESLint.Scope.Variable): Use[] {
  return variable.references
    .filter(({ init }) => init !== true)
    .map(({ identifier }) => {
      const node = wrapped(identifier);
      const { parent } = node;
      const isMember = parent?.type === T.MemberExpression && parent.object === node;
      const name = isMember ? propertyName(parent) : undefined;
      // A method that is not called here (`on('close', live.close)`) is handed over, as is `live[Symbol.dispose]`.
      const isUse = isMember && name !== undefined && !CLOSERS.has(name);
      return { node, kind: isUse ? 'used' : 'ends' };
    });
}

/** The `if` of which one side ends the instance while the other only uses it, when nothing outside of it does. */
function halfClosed(uses: readonly Use[], declarator: TSESTree.VariableDeclarator): TSESTree.IfStatement | undefined {
  const ends = uses.filter(({ kind }) => kind === 'ends');
  const [first] = ends;
  const fn = enclosingFunction(declarator);
  if (!first) return undefined;
  for (let at = first.node.parent; at && at !== fn; at = at.parent) {
    if (at.type !== T.IfStatement || !at.alternate) continue;
    const { consequent, alternate } = at;
    const on = (side: Node, kind: Use['kind']): Use[] =>
      uses.filter((use) => use.kind === kind && isWithin(use.node, side));
    for (const [ending, other] of [
      [consequent, alternate],
      [alternate, consequent],
    ] as const) {
      const isWhole = on(ending, 'ends').length === ends.length;
      if (isWhole && on(other, 'ends').length === 0 && on(other, 'used').length > 0) return at;
    }
  }
  return undefined;
}
