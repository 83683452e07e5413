import { ServerError } from '../errors/server-error.ts';
import { storable } from '../ingest/identity.ts';
import type { Database } from '../store/database.ts';
import { appendEvent } from '../store/incident-events.ts';
import { sectionTitles, type PostmortemDocument, type SectionId } from './document.ts';

/** A version without its text. */
export interface VersionInfo {
  version: number;
  createdMs: number;
  createdBy: string;
  why: string;
}

/** A version as it is kept. */
export interface KeptVersion extends VersionInfo {
  document: PostmortemDocument;
}

/** Versions of one postmortem; who edits on and on keeps the first one and the newest. */
const mostVersions = 50;
/** The longest text of a section, in characters. */
export const longestSection = 50_000;

/** Postmortems, version by version. */
export class PostmortemStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The versions, the newest first. */
  async versions(incidentId: number): Promise<VersionInfo[]> {
    const rows = await this.#database.query
      .selectFrom('postmortems')
      .select(['version', 'created_ms as createdMs', 'created_by as createdBy', 'why'])
      .where('incident_id', '=', incidentId)
      .orderBy('version', 'desc')
      .execute();
    return rows;
  }

  /** A version, or the newest; undefined where there is none. */
  async find(incidentId: number, version?: number): Promise<KeptVersion | undefined> {
    let query = this.#database.query.selectFrom('postmortems').selectAll().where('incident_id', '=', incidentId);
    if (version !== undefined) query = query.where('version', '=', version);
    const row = await query.orderBy('version', 'desc').limit(1).executeTakeFirst();
    if (row === undefined) return undefined;
    const document = JSON.parse(row.document) as PostmortemDocument;
    return { version: row.version, createdMs: row.created_ms, createdBy: row.created_by, why: row.why, document };
  }

  /**
   * Keeps a version behind another one, and says so on the timeline. Returns its number.
   *
   * @param after the version that it was made from; 0 for none
   * @throws {ServerError} EBB_SERVER_CONFLICT where somebody was faster: nothing of theirs is lost
   */
  async keep(
    incidentId: number,
    told: { after: number; document: PostmortemDocument; why: string },
    by: { name: string; nowMs: number; isPerson: boolean },
  ): Promise<number> {
    const version = told.after + 1;
    await this.#database.query.transaction().execute(async (db) => {
      const newest = await db
        .selectFrom('postmortems')
        .select((select) => select.fn.max('version').as('version'))
        .where('incident_id', '=', incidentId)
        .executeTakeFirst();
      const made =
        (newest?.version ?? 0) === told.after
          ? await db
              .insertInto('postmortems')
              .values({
                ...{ incident_id: incidentId, version, created_ms: by.nowMs, created_by: by.name, why: told.why },
                document: JSON.stringify(told.document),
              })
              .onConflict((conflict) => conflict.doNothing())
              .returning('version')
              .executeTakeFirst()
          : undefined;
      if (made === undefined)
        throw new ServerError(
          'EBB_SERVER_CONFLICT',
          `the postmortem of incident ${incidentId} has a version ${newest?.version ?? version} meanwhile; this was made from ${told.after}`,
        );
      await db
        .deleteFrom('postmortems')
        .where('incident_id', '=', incidentId)
        .where('version', '>', 1)
        .where('version', '<=', version - mostVersions + 1)
        .execute();
      const actor = by.isPerson ? by.name : null;
      const text = `version ${version}: ${told.why}`;
      await appendEvent(db, incidentId, { timeMs: by.nowMs, kind: 'postmortem', text, actor });
    });
    return version;
  }
}

/**
 * The document with sections that somebody wrote; null gives a section back to the server.
 *
 * @throws {ServerError} EBB_SERVER_BAD_REQUEST for a text that is too long
 */
export function edited(
  document: PostmortemDocument,
  sections: Readonly<Partial<Record<SectionId, string | null>>>,
  fresh: PostmortemDocument,
  by: string,
): { document: PostmortemDocument; why: string } {
  const changed: string[] = [];
  const next = document.sections.map((section) => {
    const told = sections[section.id];
    if (told === undefined) return section;
    if (told === null) {
      changed.push(`${sectionTitles[section.id]} anew`);
      return fresh.sections.find(({ id }) => id === section.id) ?? section;
    }
    const markdown = storable(told).trim();
    if (markdown.length > longestSection)
      throw new ServerError('EBB_SERVER_BAD_REQUEST', `${section.id} is longer than ${longestSection} characters`);
    if (markdown === section.markdown) return section;
    changed.push(sectionTitles[section.id]);
    return { ...section, markdown, editedBy: by };
  });
  if (changed.length === 0) throw new ServerError('EBB_SERVER_BAD_REQUEST', 'nothing is different from what is kept');
  return { document: { ...document, sections: next }, why: `edited: ${changed.join(', ')}` };
}
