/**
 * Whether a document proves that a leak is caught: the JSON of `ebb review`, `ebb test` or `ebb soak`, run where the leak
 * is replayed, has to tell a finding with its fingerprint. Pure.
 */
import type { ActionKind } from './action-kind.ts';

/** What is proved: a sentence; or why it is not. */
export type Proof = { proved: string } | { refused: string };

const formats: Readonly<Record<Exclude<ActionKind, 'alert'>, { format: string; command: string }>> = {
  lint: { format: 'ebb.review/1', command: 'ebb review --json' },
  test: { format: 'ebb.test/1', command: 'ebb test --json' },
  soak: { format: 'ebb.soak/1', command: 'ebb soak --json' },
};

/** What is looked at of a document: more is refused, not searched. */
const mostFindings = 10_000;

/** Checks a document of a lint rule, a memory test or a soak test. */
export function checkProof(kind: Exclude<ActionKind, 'alert'>, fingerprint: string, document: unknown): Proof {
  const { format, command } = formats[kind];
  const told = fieldOf(document, 'format');
  if (told !== format) {
    const is = typeof told === 'string' ? `'${told.slice(0, 60)}'` : 'of no known format';
    return { refused: `the document is ${is}; this item is proved by what ${command} prints, '${format}'` };
  }
  const findings = kind === 'lint' ? listOf(document, 'findings') : leaksOf(document);
  if (findings.length > mostFindings) return { refused: `the document has more than ${mostFindings} findings` };
  const found = findings.find((finding) => fieldOf(finding, 'fingerprint') === fingerprint);
  if (found === undefined) {
    const others = findings.length === 0 ? 'none' : `${findings.length} other${findings.length === 1 ? '' : 's'}`;
    return { refused: `the document tells no leak with the fingerprint ${fingerprint}; it tells ${others}` };
  }
  const rule = fieldOf(found, 'ruleId') ?? fieldOf(found, 'rule');
  const by = typeof rule === 'string' ? `${rule} of ${command}` : command;
  return { proved: `${by} tells the leak with the fingerprint ${fingerprint}` };
}

/** The findings of tests and routes that leak: of a clean one they are no proof. */
function leaksOf(document: unknown): unknown[] {
  const parts = [document, ...listOf(document, 'tests'), ...listOf(document, 'routes')];
  return parts.flatMap((part) => (fieldOf(part, 'verdict') === 'leak' ? listOf(part, 'findings') : []));
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function listOf(value: unknown, name: string): unknown[] {
  const list = fieldOf(value, name);
  return Array.isArray(list) ? list : [];
}
