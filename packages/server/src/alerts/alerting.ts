import type { Kysely } from 'kysely';
import type { Database } from '../store/database.ts';
import type { IncidentListener } from '../store/incidents.ts';
import type { LevelRules } from '../incident/decide.ts';
import type { Schema, ServiceRow } from '../store/schema.ts';
import { post, send, type SendOptions } from './channels/channel.ts';
import { Conditions } from './conditions/conditions.ts';
import { Heartbeat } from './heartbeat/heartbeat.ts';
import { Courier, type CourierOptions } from './outbox/courier.ts';
import { noLetters, type LetterDesk } from './outbox/letter-desk.ts';
import { outboxListener } from './outbox/outbox.ts';
import { noPages, type PageDesk } from './outbox/page-desk.ts';
import { rulesFor, type AlertRules } from './rules/rules.ts';
import { Muting } from './silences/muting.ts';
import { OpenIncidents } from './silences/open-incidents.ts';
import { SilenceStore } from './silences/silence-store.ts';

/** What alerting works with. */
export interface AlertingOptions extends SendOptions {
  database: Database;
  rules: AlertRules;
  /** Who pages people; nobody unless it is there. */
  pages?: PageDesk;
  /** Who writes letters; nobody unless it is there. */
  letters?: LetterDesk;
  /** From 0 to 1; for tests. */
  random: () => number;
  /** Told when something failed that is tried again by itself. */
  onError: (error: unknown) => void;
}

/** Silences that are over are kept for so long, for whoever asks why nobody was told. */
const silencesKeptMs = 90 * 86_400_000;

/** Everything between an incident and those who hear of it: rules, silences, the outbox, who brings it out. */
export class Alerting {
  readonly incidents: OpenIncidents;
  readonly silences: SilenceStore;
  readonly conditions: Conditions;
  readonly courier: Courier;
  readonly heartbeat: Heartbeat;
  /** Hears of each change of an incident, in its transaction. */
  readonly listener: IncidentListener;
  #rules: AlertRules;

  constructor(options: AlertingOptions) {
    const { database, now } = options;
    this.#rules = options.rules;
    const rules = (): AlertRules => this.#rules;
    this.incidents = new OpenIncidents(rules);
    this.silences = new SilenceStore(database, this.incidents);
    this.conditions = new Conditions(database.query, rules, now());
    this.listener = outboxListener(rules, this.incidents);
    const work: CourierOptions = {
      database,
      rules,
      incidents: this.incidents,
      pages: options.pages ?? noPages,
      letters: options.letters ?? noLetters,
      mutingAt: async (db, nowMs) => await this.mutingAt(db, nowMs),
      send: async (receiver, message) => await send(receiver, message, options),
      post: async (letter, key) => await post(letter, key, options),
      tidy: async (nowMs) => await this.silences.forget(nowMs - silencesKeptMs),
      now,
      random: options.random,
      onError: options.onError,
    };
    this.courier = new Courier(work);
    this.heartbeat = new Heartbeat({
      ...options,
      rule: () => this.#rules.heartbeat,
      lastRoundMs: () => this.courier.lastRoundMs,
    });
  }

  /** The rules that hold now. */
  get rules(): AlertRules {
    return this.#rules;
  }

  /** The bounds of the levels of a service's incidents. */
  levelsFor({ name: service, namespace, environment }: ServiceRow): LevelRules {
    return rulesFor(this.#rules, { service, namespace, environment }).levels;
  }

  /** Puts others in their place: what is decided from now on goes by them. */
  replaceRules(rules: AlertRules): void {
    this.#rules = rules;
  }

  /** What is muted at a moment: whoever wakes people up asks here before. */
  async mutingAt(db: Kysely<Schema>, nowMs: number): Promise<Muting> {
    return await Muting.at(db, { silences: this.silences, open: this.incidents, rules: this.#rules, nowMs });
  }

  /** Begins to send. */
  start(): void {
    this.courier.start();
    this.heartbeat.start();
  }

  /** Begins nothing more, and resolves when what is under way has ended. */
  async stop(): Promise<void> {
    await this.heartbeat.stop();
    await this.courier.stop();
  }
}
