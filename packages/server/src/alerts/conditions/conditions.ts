import type { Kysely } from 'kysely';
import type { Schema } from '../../store/schema.ts';
import type { AlertRules } from '../rules/rules.ts';
import type { Condition } from './condition.ts';
import { highMemory } from './high-memory.ts';
import { silent } from './silent.ts';

/** These are rules for minutes: the look through all processes is not made each time. */
const everyMs = 10_000;

/** What is wrong with services beside their verdicts, by the rules that hold now. */
export class Conditions {
  readonly #db: Kysely<Schema>;
  readonly #rules: () => AlertRules;
  readonly #sinceMs: number;
  #lastMs = -Infinity;
  #lastRules: AlertRules | null = null;
  #found: ReadonlyMap<number, readonly Condition[]> = new Map();

  /** `sinceMs` is since when this server listens. */
  constructor(db: Kysely<Schema>, rules: () => AlertRules, sinceMs: number) {
    this.#db = db;
    this.#rules = rules;
    this.#sinceMs = sinceMs;
  }

  /** The conditions of each service that has any, as of some seconds ago. `open` are services with an open incident. */
  async at(nowMs: number, open: ReadonlySet<number>): Promise<ReadonlyMap<number, readonly Condition[]>> {
    const rules = this.#rules();
    if (nowMs - this.#lastMs < everyMs && rules === this.#lastRules) return this.#found;
    const found = new Map<number, Condition[]>();
    const kinds = [
      await highMemory(this.#db, rules, nowMs),
      await silent(this.#db, rules, { nowMs, sinceMs: this.#sinceMs, open }),
    ];
    for (const kind of kinds) {
      for (const [serviceId, condition] of kind) found.set(serviceId, [...(found.get(serviceId) ?? []), condition]);
    }
    [this.#found, this.#lastMs, this.#lastRules] = [found, nowMs, rules];
    return found;
  }
}
