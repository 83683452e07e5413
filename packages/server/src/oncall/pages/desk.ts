/** What a page says when it is brought out, and what follows when nobody takes it: the person's next way. */
import type { Kysely, Transaction } from 'kysely';
import type { IncidentNews } from '../../alerts/channels/message.ts';
import type { Next, PageDesk, Told } from '../../alerts/outbox/page-desk.ts';
import type { DeliveryRow } from '../../alerts/outbox/tables.ts';
import type { Answer } from '../../alerts/channels/answer.ts';
import type { Receiver } from '../../alerts/rules/rules.ts';
import type { Muting } from '../../alerts/silences/muting.ts';
import type { OpenIncidents } from '../../alerts/silences/open-incidents.ts';
import { appendEvent } from '../../store/incident-events.ts';
import type { Schema } from '../../store/schema.ts';
import type { OnCallPlan } from '../plan/plan.ts';
import type { PageRow } from '../tables.ts';
import type { AcknowledgeLinks } from './links.ts';
import { acknowledgedWords } from './acknowledged.ts';
import { receiverName, writeDelivery } from './write-pages.ts';

/** What the desk works with. */
export interface PersonalPagesOptions {
  plan: () => OnCallPlan;
  links: AcknowledgeLinks;
  /** Where people reach the server, without a slash at the end; null where nobody said. */
  baseUrl: () => string | null;
}

/** Brings pages to people. */
export class PersonalPages implements PageDesk {
  readonly #options: PersonalPagesOptions;

  constructor(options: PersonalPagesOptions) {
    this.#options = options;
  }

  /** As the plan says now. */
  receiver(name: string): Receiver | undefined {
    const person = this.#options.plan().people.get(name.slice(0, name.lastIndexOf('/')));
    return person?.reach.find((one) => one.name === name);
  }

  /** The incident as it is now, with the link by which this person acknowledges. */
  async newsOf(
    db: Kysely<Schema>,
    { id: deliveryId, kind, page_id: pageId, receiver }: DeliveryRow,
    { incidents, muting, nowMs }: { incidents: OpenIncidents; muting: Muting; nowMs: number },
  ): Promise<Told> {
    const row = await db
      .selectFrom('pages')
      .innerJoin('incidents', 'incidents.id', 'pages.incident_id')
      .innerJoin('services', 'services.id', 'incidents.service_id')
      .select(['pages.incident_id', 'person', 'why', 'state', 'level', 'cause', 'summary', 'opened_ms', 'resolved_ms'])
      .select(['services.name', 'namespace', 'environment'])
      .where('pages.id', '=', pageId)
      .executeTakeFirst();
    const isPage = kind === 'page';
    // Resolved, acknowledged or given to somebody else in the meantime.
    if (
      row === undefined ||
      (row.resolved_ms !== null) !== (kind === 'page-over') ||
      (isPage && row.state !== 'waiting')
    )
      return { news: [], muted: null };
    const holder = kind === 'page-acknowledged' ? await holderOf(db, row.incident_id) : null;
    if (kind === 'page-acknowledged' && holder === null) return { news: [], muted: null };
    const subject = incidents.subjectOf(row);
    const id = row.incident_id;
    const before = await acknowledgedBefore(db, { deliveryId, incidentId: id, receiver });
    const base = this.#options.baseUrl();
    const news: IncidentNews = {
      ...subject,
      id,
      change: isPage ? 'paged' : holder === null ? 'resolved' : 'acknowledged',
      cause: row.cause,
      summary: holder === null ? row.summary : `${holder}: ${row.summary}`,
      openedMs: row.opened_ms,
      resolvedMs: row.resolved_ms,
      link: base === null ? null : `${base}/incidents/${id}`,
      ...(isPage ? { why: row.why } : {}),
      ...(before === 0 ? {} : { acknowledgedBefore: before }),
      acknowledgeLink:
        base === null || !isPage
          ? null
          : base +
            (await this.#options.links.pathFor(db, {
              incidentId: id,
              openedMs: row.opened_ms,
              person: row.person,
              nowMs,
            })),
    };
    return { news: [news], muted: isPage ? muting.of(id, subject) : null };
  }

  /** Whoever was not reached by one way is reached by the next; by none, the escalation goes on at once. */
  async settled(
    db: Transaction<Schema>,
    delivery: DeliveryRow,
    told: { answer: Answer; next: Next; attempts: number; nowMs: number },
  ): Promise<void> {
    const { answer, next, attempts, nowMs } = told;
    const page = await pageOf(db, delivery);
    if (page === undefined || next === 'again') {
      if (page !== undefined && attempts === 1)
        await this.#tell(
          db,
          page,
          'not-notified',
          `${this.#wayOf(delivery)} could not be told, and is tried again: ${answer.detail}`,
          nowMs,
        );
      return;
    }
    const text =
      next === 'done'
        ? this.#isMail(delivery)
          ? `was told as far as can be known: the mail server took it (${answer.detail})`
          : 'was told'
        : `was not told, and is given up after ${attempts} attempts: ${answer.detail}`;
    const kind = next === 'done' ? 'notified' : 'not-notified';
    const what = { 'page-over': ' (resolved)', 'page-acknowledged': ' (acknowledged)' }[delivery.kind as string] ?? '';
    await this.#tell(db, page, kind, `${this.#wayOf(delivery)} ${text}${what}`, nowMs);
    // Of one that was cancelled meanwhile nothing more is tried.
    if (delivery.kind !== 'page' || page.state !== 'waiting') return;
    if (next === 'done') {
      await db.updateTable('pages').set({ state: 'told' }).where('id', '=', page.id).execute();
      return;
    }
    const channel = Number(delivery.receiver.slice(delivery.receiver.lastIndexOf('/') + 1));
    const receiver = receiverName(page.person, channel);
    if (this.receiver(receiver) !== undefined) {
      const key = `${page.key}-${channel + 1}`;
      await writeDelivery(db, { key, receiver, incidentId: page.incident_id, pageId: page.id, kind: 'page', nowMs });
      return;
    }
    await db.updateTable('pages').set({ state: 'unreached' }).where('id', '=', page.id).execute();
    await this.#tell(db, page, 'not-notified', `${page.person} cannot be reached by any way`, nowMs);
    await hurry(db, page, nowMs);
  }

  /** A page that was muted on its way counts as cancelled: the escalation notices by itself. */
  async dropped(db: Transaction<Schema>, { page_id: pageId, kind }: DeliveryRow): Promise<void> {
    if (kind !== 'page') return;
    await db
      .updateTable('pages')
      .set({ state: 'cancelled' })
      .where('id', '=', pageId)
      .where('state', '=', 'waiting')
      .execute();
  }

  /** A mail server that takes a mail may lose it. */
  #isMail({ receiver: name }: DeliveryRow): boolean {
    return this.receiver(name)?.channel.type === 'email';
  }

  #wayOf({ receiver: name }: DeliveryRow): string {
    const type = this.receiver(name)?.channel.type;
    return type === undefined ? name : `${name.slice(0, name.lastIndexOf('/'))} by ${type}`;
  }

  async #tell(
    db: Transaction<Schema>,
    page: PageRow,
    kind: 'notified' | 'not-notified',
    text: string,
    nowMs: number,
  ): Promise<void> {
    await appendEvent(db, page.incident_id, { timeMs: nowMs, kind, text });
  }
}

/** Who has acknowledged, in words; null when that is over. */
async function holderOf(db: Kysely<Schema>, incidentId: number): Promise<string | null> {
  const row = await db
    .selectFrom('escalations')
    .select(['holder', 'due_ms'])
    .where('incident_id', '=', incidentId)
    .where('state', '=', 'acknowledged')
    .executeTakeFirst();
  return row === undefined ? null : acknowledgedWords(row.holder ?? 'somebody', row.due_ms);
}

/** How many acknowledgements this way was to hear of before its last page: the same at each attempt. */
async function acknowledgedBefore(
  db: Kysely<Schema>,
  told: { deliveryId: number; incidentId: number; receiver: string },
): Promise<number> {
  const rows = await db
    .selectFrom('deliveries')
    .innerJoin('pages', 'pages.id', 'deliveries.page_id')
    .select('deliveries.kind')
    .where('pages.incident_id', '=', told.incidentId)
    .where('deliveries.receiver', '=', told.receiver)
    .where('deliveries.kind', 'in', ['page', 'page-acknowledged'])
    .where('deliveries.id', '<=', told.deliveryId)
    .orderBy('deliveries.id')
    .execute();
  const lastPage = rows.findLastIndex(({ kind }) => kind === 'page');
  return rows.slice(0, Math.max(0, lastPage)).filter(({ kind }) => kind === 'page-acknowledged').length;
}

async function pageOf(db: Transaction<Schema>, { page_id: pageId }: DeliveryRow): Promise<PageRow | undefined> {
  return await db.selectFrom('pages').selectAll().where('id', '=', pageId).executeTakeFirst();
}

/** When nobody of a step can be reached, the next step is due now. */
async function hurry(
  db: Transaction<Schema>,
  { incident_id: incidentId, version }: PageRow,
  nowMs: number,
): Promise<void> {
  const others = await db
    .selectFrom('pages')
    .select('id')
    .where('incident_id', '=', incidentId)
    .where('version', '=', version)
    .where('state', 'in', ['waiting', 'told'])
    .limit(1)
    .executeTakeFirst();
  if (others !== undefined) return;
  await db
    .updateTable('escalations')
    .set({ due_ms: nowMs })
    .where('incident_id', '=', incidentId)
    .where('version', '=', version)
    .where('state', '=', 'paging')
    .execute();
}
