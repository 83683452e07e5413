/** GitHub's expressions, by GitHub's own library: what a runner makes of `${{ … }}` where nothing was cancelled. */
import { data, Evaluator, Lexer, Parser } from '@actions/expressions';

export type Contexts = Record<string, Record<string, string>>;

/** A text with each expression in it worked out; an unknown context or function is an error, as on GitHub. */
export function evaluated(text: string, contexts: Contexts): string {
  return text.replaceAll(/\$\{\{(.*?)\}\}/gu, (_, expression: string) => valueOf(expression, contexts).coerceString());
}

/** Whether a step's condition holds. */
export function holds(condition: string, contexts: Contexts): boolean {
  const inside = /^\$\{\{(.*)\}\}$/u.exec(condition)?.[1] ?? condition;
  return valueOf(inside, contexts).coerceString() === 'true';
}

function valueOf(expression: string, contexts: Contexts): data.ExpressionData {
  const { tokens } = new Lexer(expression).lex();
  const cancelled = { name: 'cancelled', minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(false) };
  const parsed = new Parser(tokens, Object.keys(contexts), [cancelled]).parse();
  const known = Object.entries(contexts).map(([key, values]) => ({
    key,
    value: new data.Dictionary(
      ...Object.entries(values).map(([name, value]) => ({ key: name, value: new data.StringData(value) })),
    ),
  }));
  return new Evaluator(parsed, new data.Dictionary(...known), new Map([['cancelled', cancelled]])).evaluate();
}
