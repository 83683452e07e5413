/** The plugin's rules on single texts: with types where the project's own configuration gives them, without elsewhere. */
import plugin, { fingerprintIn, stateOf, type FileState, type Spot } from '@ebb/eslint-plugin';
import { Linter, type ESLint, type SourceCode } from 'eslint';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as parser from '@typescript-eslint/parser';
import type { SourceFile } from './repository.ts';

/** What a rule found. */
export interface RuleFinding {
  readonly rule: string;
  /** Without the fingerprint at its end. */
  readonly message: string;
  readonly fingerprint: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  /** The end of the function that it stands in: by then it should have been let go of. Null outside of functions. */
  readonly released: Spot | null;
}

/** A text that was read: what rules found in it, and what it keeps. */
export interface ReadText {
  readonly findings: readonly RuleFinding[];
  readonly state: FileState;
}

/** A text that cannot be read as code, and why. */
export interface Unreadable {
  readonly reason: string;
  readonly line: number;
}

/** Reads texts of one project. */
export class RuleRunner {
  readonly #linter: Linter;
  readonly #root: string;
  readonly #rules: Linter.RulesRecord;

  constructor(options: { root: string; strict: boolean }) {
    this.#root = options.root;
    this.#linter = new Linter({ configType: 'flat', cwd: options.root });
    const preset = options.strict ? plugin.configs.strict : plugin.configs.recommended;
    this.#rules = preset.rules;
  }

  /** Reads a text as that of a file; what is in the file's own disable comments is left out. */
  read(source: SourceFile, text: string): ReadText | Unreadable {
    if (hasTypes(source.file, this.#root)) {
      const typed = this.#verify(source, text, true);
      if (!('reason' in typed)) return typed; // in no project, or its configuration cannot be read
    }
    return this.#verify(source, text, false);
  }

  #verify({ file }: SourceFile, text: string, withTypes: boolean): ReadText | Unreadable {
    const config: Linter.Config = {
      files: ['**/*.{js,cjs,mjs,jsx,ts,cts,mts,tsx}'],
      plugins: { ebb: plugin as unknown as ESLint.Plugin },
      rules: this.#rules,
      linterOptions: { reportUnusedDisableDirectives: 'off' },
      languageOptions: {
        parser,
        parserOptions: {
          ecmaFeatures: { jsx: /x$/u.test(file) },
          ...(withTypes ? { projectService: true, tsconfigRootDir: this.#root } : {}),
          disallowAutomaticSingleRunInference: true, // a file is read as it was and as it is
        },
      },
    };
    const messages = this.#linter.verify(text, config, { filename: file });
    const fatal = messages.find((message) => message.fatal === true);
    const sourceCode = this.#linter.getSourceCode();
    if (fatal) return { reason: fatal.message, line: fatal.line };
    return {
      findings: messages.flatMap((message) => findingOf(message, sourceCode)),
      state: stateOf(sourceCode as never),
    };
  }
}

/** Whether a project may know the types of a file: there is a tsconfig.json in its folder or above, within the root. */
function hasTypes(file: string, root: string): boolean {
  if (!/\.[cm]?tsx?$/u.test(file)) return false;
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'tsconfig.json'))) return true;
    if (folder === root || dirname(folder) === folder) return false;
  }
}

function findingOf({ ruleId, message, line, column, endLine }: Linter.LintMessage, code: SourceCode): RuleFinding[] {
  const fingerprint = fingerprintIn(message);
  if (ruleId?.startsWith('ebb/') !== true || fingerprint === undefined) return [];
  const text = message.slice(0, message.lastIndexOf(' (leak '));
  const released = endOfFunction(code, { line, column });
  return [{ rule: ruleId, message: text, fingerprint, line, column, endLine: endLine ?? line, released }];
}

/** As much of a node of the syntax tree as is needed here. */
interface SyntaxNode {
  readonly type: string;
  readonly parent?: SyntaxNode;
  readonly loc: { readonly end: Spot };
}

/** The last character of the function around a place. */
function endOfFunction(code: SourceCode, { line, column }: Spot): Spot | null {
  const index = code.getIndexFromLoc({ line, column: column - 1 });
  let at = code.getNodeByRangeIndex(index) as SyntaxNode | null | undefined;
  while (at && !FUNCTIONS.has(at.type)) at = at.parent;
  return at ? { line: at.loc.end.line, column: at.loc.end.column } : null;
}

const FUNCTIONS: ReadonlySet<string> = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
]);
