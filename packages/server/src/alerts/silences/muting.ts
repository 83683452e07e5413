import type { Kysely } from 'kysely';
import type { Schema } from '../../store/schema.ts';
import { labelOf, matches, type Subject } from '../rules/matcher.ts';
import type { AlertRules, Inhibition } from '../rules/rules.ts';
import type { OpenIncident, OpenIncidents } from './open-incidents.ts';
import { mutedBy, type Maintenance, type Silence, type SilenceStore } from './silence-store.ts';

const mostSilences = 10_000;

/** What is muted at one moment. */
export class Muting {
  readonly #silences: readonly Silence[];
  readonly #windows: readonly Maintenance[];
  readonly #open: readonly OpenIncident[];
  readonly #inhibitions: readonly Inhibition[];
  readonly #nowMs: number;

  private constructor(told: {
    silences: readonly Silence[];
    windows: readonly Maintenance[];
    open: readonly OpenIncident[];
    inhibitions: readonly Inhibition[];
    nowMs: number;
  }) {
    this.#silences = told.silences;
    this.#windows = told.windows;
    this.#open = told.open;
    this.#inhibitions = told.inhibitions;
    this.#nowMs = told.nowMs;
  }

  /** Reads what mutes now. */
  static async at(
    db: Kysely<Schema>,
    { silences, open, rules, nowMs }: { silences: SilenceStore; open: OpenIncidents; rules: AlertRules; nowMs: number },
  ): Promise<Muting> {
    const listing = { nowMs, all: false, most: mostSilences };
    return new Muting({
      silences: await silences.list(listing, db),
      windows: await silences.listMaintenance(listing, db),
      open: rules.inhibit.length === 0 ? [] : await open.list(db),
      inhibitions: rules.inhibit,
      nowMs,
    });
  }

  /** Why notices of the incident are not sent now; null when they are. */
  of(incidentId: number, subject: Subject): string | null {
    const muted = mutedBy(subject, this.#silences, this.#windows, this.#nowMs);
    if (muted !== null) return muted;
    for (const { source, target, equal } of this.#inhibitions) {
      if (!matches(target, subject)) continue;
      const stronger = this.#open.find(({ id, subject: other }) => {
        // What is a source of this rule itself is not muted by it: two of them would mute each other.
        return id !== incidentId && matches(source, other) && !matches(source, subject) && alike(other, subject, equal);
      });
      if (stronger !== undefined) return `incident ${stronger.id} is open`;
    }
    return null;
  }
}

function alike(a: Subject, b: Subject, labels: readonly string[]): boolean {
  return labels.every((label) => labelOf(a, label) === labelOf(b, label));
}
