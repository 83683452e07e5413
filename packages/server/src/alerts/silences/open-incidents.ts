import type { Kysely } from 'kysely';
import type { Schema } from '../../store/schema.ts';
import type { Cause } from '../../incident/cause.ts';
import type { Subject } from '../rules/matcher.ts';
import { rulesFor, type AlertRules } from '../rules/rules.ts';
import type { Level } from '../../incident/level.ts';

/** An incident that is open, as rules see it. */
export interface OpenIncident {
  id: number;
  subject: Subject;
  cause: Cause;
  summary: string;
}

/** Incidents as rules see them: with the labels that the rules give their services. */
export class OpenIncidents {
  readonly #rules: () => AlertRules;

  constructor(rules: () => AlertRules) {
    this.#rules = rules;
  }

  /** All that are open. */
  async list(db: Kysely<Schema>): Promise<OpenIncident[]> {
    const rows = await db
      .selectFrom('incidents')
      .innerJoin('services', 'services.id', 'incidents.service_id')
      .select([
        'incidents.id',
        'incidents.level',
        'incidents.cause',
        'incidents.summary',
        'name',
        'namespace',
        'environment',
      ])
      .where('resolved_ms', 'is', null)
      .orderBy('incidents.id')
      .execute();
    return rows.map((row) => ({ id: row.id, cause: row.cause, summary: row.summary, subject: this.subjectOf(row) }));
  }

  /** A service's incident of a level as rules see it. */
  subjectOf(row: { name: string; namespace: string; environment: string; level: Level }): Subject {
    const { name: service, namespace, environment, level } = row;
    const { labels } = rulesFor(this.#rules(), { service, namespace, environment });
    return { service, namespace, environment, level, labels };
  }
}
