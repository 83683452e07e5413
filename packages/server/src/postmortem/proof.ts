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

/** When a document was made, against when its item was: a run of before the item proves nothing new. */
export interface ProofTimes {
  itemMs: number;
  nowMs: number;
}

/** Clocks of other machines may be so far ahead. */
const aheadMs = 10 * 60_000;

/** What is looked at of a document: more is refused, not searched. */
const mostFindings = 10_000;

/** Checks a document of a lint rule, a memory test or a soak test. */
export function checkProof(
  kind: Exclude<ActionKind, 'alert'>,
  fingerprint: string,
  document: unknown,
  times: ProofTimes,
): Proof {
  const { format, command } = formats[kind];
  const told = fieldOf(document, 'format');
  if (told !== format) {
    const is = typeof told === 'string' ? `'${told.slice(0, 60)}'` : 'of no known format';
    return { refused: `the document is ${is}; this item is proved by what ${command} prints, '${format}'` };
  }
  const madeMs = fieldOf(document, 'madeMs');
  const untimely = untimelyOf(madeMs, times);
  if (untimely !== null) return { refused: untimely };
  const findings = kind === 'lint' ? listOf(document, 'findings') : leaksOf(document);
  if (findings.length > mostFindings) return { refused: `the document has more than ${mostFindings} findings` };
  const found = findings.find((finding) => fieldOf(finding, 'fingerprint') === fingerprint);
  if (found === undefined) {
    const others = findings.length === 0 ? 'none' : `${findings.length} other${findings.length === 1 ? '' : 's'}`;
    return { refused: `the document tells no leak with the fingerprint ${fingerprint}; it tells ${others}` };
  }
  const rule = fieldOf(found, 'ruleId') ?? fieldOf(found, 'rule');
  const by = typeof rule === 'string' ? `${rule} of ${command}` : command;
  return { proved: `${by} of ${minute(Number(madeMs))} tells the leak with the fingerprint ${fingerprint}` };
}

/** Why the time of a document does not fit; null where it does. */
function untimelyOf(madeMs: unknown, { itemMs, nowMs }: ProofTimes): string | null {
  if (typeof madeMs !== 'number' || !Number.isSafeInteger(madeMs))
    return "the document does not say when it was made ('madeMs'): run the command again";
  if (madeMs > nowMs + aheadMs) return `the document is of ${minute(madeMs)}, which is still to come`;
  return madeMs < itemMs
    ? `the document is of ${minute(madeMs)}, before the item was made (${minute(itemMs)}): replay the leak again`
    : null;
}

/** Of a time that is none, nothing is told. */
function minute(timeMs: number): string {
  const time = new Date(timeMs);
  return Number.isNaN(time.getTime()) ? 'no time' : `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
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
