/**
 * Links by which one person acknowledges one incident, without logging in. What is signed is the incident, the person and
 * the end of the link's time; the key is made once for a database, so that every server takes what another one signed.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Schema } from '../../store/schema.ts';

/** What a link says. */
export interface AcknowledgeLink {
  incidentId: number;
  /** As the plan calls them. */
  person: string;
}

interface Signed extends AcknowledgeLink {
  openedMs: number;
  untilMs: number;
}

const lastsMs = 24 * 3_600_000;
const secretName = 'acknowledge';
/** Of a link's text, in order. */
const form = /^(\d{1,15})\.(\d{1,15})\.([\w-]{43})\.([\w.-]{1,60})$/;

/** Makes and reads links. */
export class AcknowledgeLinks {
  #key: string | null = null;

  /** The path of a link that is good for a day, as long as the incident is open. */
  async pathFor(
    db: Kysely<Schema>,
    told: { incidentId: number; openedMs: number; person: string; nowMs: number },
  ): Promise<string> {
    const { incidentId, openedMs, person, nowMs } = told;
    const untilMs = nowMs + lastsMs;
    const signature = sign(await this.#keyOf(db), { incidentId, openedMs, person, untilMs });
    return `/acknowledgements?link=${incidentId}.${untilMs}.${signature}.${person}`;
  }

  /** What a link says; null when nobody signed it, when its time is over, or when there is no such incident. */
  async read(db: Kysely<Schema>, text: string, nowMs: number): Promise<AcknowledgeLink | null> {
    const [, id = '', until = '', signature = '', person = ''] = form.exec(text) ?? [];
    const [incidentId, untilMs] = [Number(id), Number(until)];
    if (person === '' || untilMs <= nowMs) return null;
    const incident = await db
      .selectFrom('incidents')
      .select('opened_ms')
      .where('id', '=', incidentId)
      .executeTakeFirst();
    if (incident === undefined) return null;
    const expected = sign(await this.#keyOf(db), { incidentId, openedMs: incident.opened_ms, person, untilMs });
    return timingSafeEqual(Buffer.from(expected), Buffer.from(signature)) ? { incidentId, person } : null;
  }

  async #keyOf(db: Kysely<Schema>): Promise<string> {
    if (this.#key !== null) return this.#key;
    const find = async (): Promise<string | undefined> =>
      (await db.selectFrom('oncall_secrets').select('secret').where('name', '=', secretName).executeTakeFirst())
        ?.secret;
    let secret = await find();
    if (secret === undefined) {
      await db
        .insertInto('oncall_secrets')
        .values({ name: secretName, secret: randomBytes(32).toString('base64url') })
        // Another server was faster: its key counts.
        .onConflict((conflict) => conflict.column('name').doNothing())
        .execute();
      secret = await find();
    }
    this.#key = secret ?? null;
    if (secret === undefined) throw new Error('the key of the links is gone');
    return secret;
  }
}

/** 43 characters. */
function sign(key: string, { incidentId, openedMs, person, untilMs }: Signed): string {
  return createHmac('sha256', key).update(`${incidentId}.${openedMs}.${untilMs}.${person}`).digest('base64url');
}
