import { ServerError } from '../errors/server-error.ts';
import type { IncidentStore } from '../store/incidents.ts';
import type { IncidentRow } from '../store/schema.ts';
import { collectFacts, type FactSources } from './collect-facts.ts';
import { toMarkdown, type PostmortemDocument, type SectionId } from './document.ts';
import { generate } from './generate.ts';
import { edited, type PostmortemStore, type VersionInfo } from './postmortem-store.ts';

/** A postmortem as it is read: a version that is kept, or a draft of what is known now. */
export interface ReadPostmortem {
  incident: IncidentRow;
  /** Of the team; null where the alert rules name none. */
  zone: string | null;
  /** Null for a draft, which is kept nowhere. */
  version: number | null;
  createdMs: number;
  createdBy: string;
  why: string;
  document: PostmortemDocument;
}

/** What the desk works with. */
export interface PostmortemDeskOptions extends FactSources {
  store: PostmortemStore;
  incidents: IncidentStore;
}

/** Incidents are kept for longer than that, and nobody writes a postmortem for them by themselves. */
const dueWithinMs = 7 * 24 * 3_600_000;
/** What an incident did is measured once more for some minutes. */
const settledMs = 4 * 60_000;
const mostAtOnce = 5;

/** Writes, keeps and edits postmortems. Its methods throw EBB_SERVER_NOT_FOUND where there is no such incident. */
export class PostmortemDesk {
  readonly #options: PostmortemDeskOptions;

  constructor(options: PostmortemDeskOptions) {
    this.#options = options;
  }

  /**
   * A version; without one the newest, or a draft where none is kept.
   *
   * @throws {ServerError} EBB_SERVER_NOT_FOUND where there is no such version
   */
  async read(incidentId: number, version?: number): Promise<ReadPostmortem> {
    const { store, incidents, now } = this.#options;
    const incident = await incidents.get(incidentId);
    const kept = await store.find(incidentId, version);
    const zone = await this.#zoneOf(incident);
    if (kept !== undefined) return { incident, zone, ...kept };
    if (version !== undefined)
      throw new ServerError(
        'EBB_SERVER_NOT_FOUND',
        `the postmortem of incident ${incidentId} has no version ${version}`,
      );
    const document = await this.#generate(incident);
    return { incident, zone, version: null, createdMs: now(), createdBy: 'ebb', why: 'a draft', document };
  }

  /** The versions, the newest first. */
  async versions(incidentId: number): Promise<VersionInfo[]> {
    await this.#options.incidents.get(incidentId);
    return await this.#options.store.versions(incidentId);
  }

  /**
   * Keeps a version with sections that somebody wrote; null gives one back to the server. Returns its number.
   *
   * @param told `after` is the version that was read; where another one was kept since, nothing is
   * @throws {ServerError} EBB_SERVER_CONFLICT, EBB_SERVER_BAD_REQUEST
   */
  async edit(
    incidentId: number,
    told: { sections: Readonly<Partial<Record<SectionId, string | null>>>; after?: number },
    by: { name: string; nowMs: number },
  ): Promise<number> {
    const { store } = this.#options;
    const read = await this.read(incidentId);
    const after = told.after ?? read.version ?? 0;
    const fresh = await this.#generate(read.incident);
    const { document, why } = edited(read.document, told.sections, fresh, by.name);
    return await store.keep(incidentId, { after, document, why }, { ...by, isPerson: true });
  }

  /** Keeps a version made of what is known now; what people wrote stays. Returns its number. */
  async refresh(incidentId: number, by: { name: string; nowMs: number }): Promise<number> {
    const { store } = this.#options;
    const read = await this.read(incidentId);
    const document = await this.#generate(read.incident, read.document);
    const why = 'written anew from what is known now';
    return await store.keep(incidentId, { after: read.version ?? 0, document, why }, { ...by, isPerson: true });
  }

  /** Keeps postmortems of incidents that are over, while samples and requests are still there. */
  async keepDue(): Promise<number[]> {
    const { query, store, now } = this.#options;
    const nowMs = now();
    const due = await query
      .selectFrom('incidents')
      .selectAll('incidents')
      .where('resolved_ms', '>', nowMs - dueWithinMs)
      .where('resolved_ms', '<', nowMs - settledMs)
      .where('level', '<>', 'notice')
      .where((where) =>
        where.not(
          where.exists(
            where
              .selectFrom('postmortems')
              .select('version')
              .whereRef('postmortems.incident_id', '=', 'incidents.id')
              .whereRef('created_ms', '>', 'incidents.resolved_ms'),
          ),
        ),
      )
      .orderBy('incidents.id')
      .limit(mostAtOnce)
      .execute();
    for (const incident of due) {
      const before = await store.find(incident.id);
      const document = await this.#generate(incident, before?.document);
      const why = before === undefined ? 'written from what was measured' : 'written anew: it was resolved meanwhile';
      const told = { after: before?.version ?? 0, document, why };
      const by = { name: 'ebb', nowMs, isPerson: false };
      await store.keep(incident.id, told, by).catch((error: unknown) => {
        // Another server, or somebody who edits, was faster.
        if (!(error instanceof ServerError) || error.code !== 'EBB_SERVER_CONFLICT') throw error;
      });
    }
    return due.map(({ id }) => id);
  }

  async #zoneOf({ service_id: serviceId }: IncidentRow): Promise<string | null> {
    const { fleet, teamOf } = this.#options;
    const service = await fleet.service(serviceId);
    return service === undefined ? null : teamOf(service).zone;
  }

  async #generate(incident: IncidentRow, kept?: PostmortemDocument): Promise<PostmortemDocument> {
    return generate(await collectFacts(incident, this.#options), kept?.sections);
  }
}

/** A postmortem as Markdown, with its figures beside it. */
export function markdownOf(read: ReadPostmortem, after: string): string {
  const { document, version, createdMs, createdBy } = read;
  return toMarkdown(document, { version, createdMs, createdBy, after, figures: figureNames });
}

/** What Markdown calls the figures. */
const figureNames = { memory: 'memory.svg', cause: 'cause.svg' } as const;

/** The figures by these names. */
export function figuresOf({ memory, cause }: PostmortemDocument): Record<string, string> {
  return { ...(memory === null ? {} : { [figureNames.memory]: memory.svg }), [figureNames.cause]: cause.svg };
}
