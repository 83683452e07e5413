import type { PageDesk } from '../alerts/outbox/page-desk.ts';
import type { Alerting } from '../alerts/alerting.ts';
import { Rounds } from '../rounds/rounds.ts';
import type { Database } from '../store/database.ts';
import { culpritFileOf } from './escalation/culprit-file.ts';
import { escalate } from './escalation/escalator.ts';
import { Responders } from './escalation/respond.ts';
import { forgetPages } from './escalation/forget-pages.ts';
import { PersonalPages } from './pages/desk.ts';
import { AcknowledgeLinks } from './pages/links.ts';
import type { Subject } from '../alerts/rules/matcher.ts';
import { owningTeams, type OnCallPlan } from './plan/plan.ts';

/** What on-call works with. */
export interface OnCallOptions {
  database: Database;
  plan: OnCallPlan;
  /** Where people reach the server, without a slash at the end; null where nobody said: then pages have no links. */
  baseUrl: () => string | null;
  now: () => number;
  /** Told when something failed that is tried again by itself. */
  onError: (error: unknown) => void;
}

const everyMs = 500;
const forgetEveryMs = 10 * 60_000;
/** A failure that goes on, like a database that is away, is told again after so long. */
const tellErrorEveryMs = 60_000;

/** Who is on call, who is paged, and what people answer. */
export class OnCall {
  /** What the outbox asks. */
  readonly pages: PageDesk;
  readonly links: AcknowledgeLinks = new AcknowledgeLinks();
  readonly #options: OnCallOptions;
  readonly #rounds: Rounds[] = [];
  #plan: OnCallPlan;
  #toldMs = -Infinity;

  constructor(options: OnCallOptions) {
    this.#options = options;
    this.#plan = options.plan;
    this.pages = new PersonalPages({ plan: () => this.#plan, links: this.links, baseUrl: options.baseUrl });
  }

  /** The plan that holds now. */
  get plan(): OnCallPlan {
    return this.#plan;
  }

  /** Puts another one in its place: what is decided from now on goes by it. */
  replacePlan(plan: OnCallPlan): void {
    this.#plan = plan;
  }

  /** People of the teams that own a file of a service's repository. */
  ownersOf(subject: Subject, path: string): string[] {
    const targets = owningTeams(this.#plan, subject, path).flatMap((team) => team.onCall);
    const people = targets.flatMap((target) => {
      if (target.kind === 'person') return [target.name];
      const schedule = target.kind === 'schedule' ? this.#plan.schedules.get(target.name) : undefined;
      return schedule?.layers.flatMap(({ turns }) => turns.flat()) ?? [];
    });
    return [...new Set(people)];
  }

  /** What people do about incidents. */
  responders(alerting: Pick<Alerting, 'incidents' | 'rules'>): Responders {
    const { database, now } = this.#options;
    return new Responders({
      database,
      plan: () => this.#plan,
      incidents: alerting.incidents,
      receivers: () => alerting.rules.receivers,
      wayOf: (name) => this.pages.receiver(name),
      now,
    });
  }

  /** Looks once who is to be paged. Returns how many escalations changed. */
  async round(alerting: Pick<Alerting, 'incidents' | 'mutingAt'>, onChange?: () => void): Promise<number> {
    const { database, now } = this.#options;
    return await escalate({
      database,
      plan: () => this.#plan,
      incidents: alerting.incidents,
      mutingAt: async (db, nowMs) => await alerting.mutingAt(db, nowMs),
      culpritFileOf,
      now,
      ...(onChange === undefined ? {} : { onChange }),
    });
  }

  /** Begins to page. */
  start(alerting: Alerting): void {
    const { database, now, onError } = this.#options;
    const told = (error: unknown): void => {
      if (now() - this.#toldMs < tellErrorEveryMs) return;
      this.#toldMs = now();
      onError(error);
    };
    this.#rounds.push(
      new Rounds(
        async () => {
          // A page waits for nobody's next round.
          await this.round(alerting, () => alerting.courier.soon());
        },
        { everyMs, onError: told },
      ),
      new Rounds(async () => await forgetPages(database.query, now()), { everyMs: forgetEveryMs, onError: told }),
    );
  }

  /** Looks now: there is an incident that may have to be paged. */
  soon(): void {
    this.#rounds.at(0)?.soon();
  }

  /** Begins nothing more, and resolves when a look under way has ended. */
  async stop(): Promise<void> {
    await Promise.all(this.#rounds.map(async (rounds) => await rounds.stop()));
  }
}
