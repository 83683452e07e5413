/** What every rule is made with, and how it reports. */
import { ESLintUtils, type TSESLint } from '@typescript-eslint/utils';
import type { Node } from './code/nodes.ts';
import { fingerprintOf, unitOf, type LeakIdentity } from './identity/fingerprint.ts';

/** What a rule tells about itself beside its description. */
export interface RuleDocs {
  /** In which presets it stands: `recommended` is in `strict`, too. */
  readonly preset: 'recommended' | 'strict';
}

/** A rule of this plugin. */
export type Rule<Messages extends string, Options extends readonly unknown[] = []> = TSESLint.RuleModule<
  Messages,
  Options,
  RuleDocs
>;

/** Makes a rule. Its page is docs/rules/NAME.md. */
export const createRule: ReturnType<typeof ESLintUtils.RuleCreator<RuleDocs>> = ESLintUtils.RuleCreator<RuleDocs>(
  (name) => `docs/rules/${name}.md`,
);

/** A finding: where, what is said, and which leak it is. */
export interface Finding<Messages extends string> {
  readonly node: Node;
  readonly messageId: Messages;
  readonly data?: Readonly<Record<string, string>>;
  /** `file` where the culprit stands in another one. */
  readonly leak: Omit<LeakIdentity, 'unit'> & { readonly file?: string };
  readonly suggest?: readonly TSESLint.SuggestionReportDescriptor<Messages>[];
}

/** Reports a finding; every message ends with `(leak {{fingerprint}})`. */
export function report<Messages extends string, Options extends readonly unknown[]>(
  context: Readonly<TSESLint.RuleContext<Messages, Options>>,
  { node, messageId, data, leak, suggest }: Finding<Messages>,
): void {
  const { file, ...identity } = leak;
  const fingerprint = fingerprintOf({ ...identity, unit: unitOf(file ?? context.filename, context.cwd) });
  context.report({ node, messageId, data: { ...data, fingerprint }, suggest: suggest ?? [] });
}
