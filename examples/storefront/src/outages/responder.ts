/** What the engineer on call does with the incident, by Ebb's commands, and what Ebb says meanwhile. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Outage } from './outage.ts';
import type { Stage } from './stage.ts';
import { until } from './until.ts';

/** What Ebb says of the changes. */
export interface ToldChanges {
  readonly advice: string;
  readonly parts: readonly { readonly version: string; readonly part: string }[];
  readonly sentences: readonly string[];
}

interface Changes {
  readonly attribution: {
    readonly advice: string | null;
    readonly changes: readonly {
      readonly version: string | null;
      readonly part: string;
      readonly sentence: string;
      readonly recovery: { readonly result: string; readonly sentence: string } | null;
    }[];
  } | null;
}

interface Process {
  readonly pid: number;
  readonly verdict: string;
  readonly version: string;
}

const dayMs = 86_400_000;
const evidenceTries = 5;
const evidenceLooks = 5;
const lookEveryMs = 1000;
const resolveEveryMs = 5000;
const resolveTries = 10;

export class Responder {
  readonly #stage: Stage;
  readonly #outage: Outage;
  readonly #incident: { readonly id: number; readonly serviceId: number };
  readonly #say: (line: string) => void;
  readonly #signal: AbortSignal;

  private constructor(
    stage: Stage,
    outage: Outage,
    incident: { readonly id: number; readonly serviceId: number },
    { say, signal }: { say: (line: string) => void; signal: AbortSignal },
  ) {
    this.#stage = stage;
    this.#outage = outage;
    this.#incident = incident;
    this.#say = say;
    this.#signal = signal;
  }

  /** Acknowledges the incident of the first page. */
  static async acknowledge(
    stage: Stage,
    outage: Outage,
    options: { say: (line: string) => void; signal: AbortSignal },
  ): Promise<Responder> {
    const [incident] = await stage.ask<{ id: number; serviceId: number }[]>('/api/v1/incidents');
    if (incident === undefined) throw new Error('there was a page, and there is no incident');
    const responder = new Responder(stage, outage, incident, options);
    await stage.shell('oncall', 'acknowledge', responder.#id);
    return responder;
  }

  get #id(): string {
    return String(this.#incident.id);
  }

  /** Waits until each change is guilty or exonerated. */
  async toldOfChanges(): Promise<ToldChanges> {
    const told = await until(
      'what is known of the changes',
      async () => {
        const { attribution } = await this.#changes();
        const parts = new Map(attribution?.changes.map(({ version, part }) => [version, part]));
        const known = this.#outage.deploys.slice(1).every(({ release }) => (parts.get(release) ?? 'open') !== 'open');
        return known && attribution !== null ? attribution : undefined;
      },
      this.#signal,
    );
    return {
      advice: told.advice ?? '',
      parts: told.changes.map(({ version, part }) => ({ version: version ?? '', part })),
      sentences: told.changes.map(({ sentence }) => sentence),
    };
  }

  /** Has evidence taken from a process that leaks. Returns the finding, as the timeline tells it. */
  async gatherEvidence(): Promise<string> {
    const newest = this.#outage.deploys.at(-1)?.release;
    // A process may be restarted before it runs out, and its evidence with it.
    for (let tries = 0; tries < evidenceTries; tries++) {
      const processes = await this.#stage.ask<Process[]>(
        `/api/v1/services/${String(this.#incident.serviceId)}/processes`,
      );
      const running = processes.filter(({ version, pid }) => version === newest && isThere(pid)).toReversed();
      const leaking = running.find(({ verdict }) => verdict === 'leak') ?? running[0];
      const watched = ['watch', '--pid', String(leaking?.pid), '--suspected', '--stop-on-finding'];
      await this.#stage.shell(...watched, '--server', this.#stage.serverUrl);
      for (let looks = 0; looks < evidenceLooks; looks++) {
        const { timeline } = await this.#stage.ask<{ timeline: { kind: string; text: string }[] }>(
          `/api/v1/incidents/${this.#id}`,
        );
        const found = timeline.find((event) => event.kind === 'finding')?.text;
        if (found !== undefined) return found;
        await delay(lookEveryMs, undefined, { signal: this.#signal });
      }
    }
    throw new Error(`no finding came of ${String(evidenceTries)} watches`);
  }

  /** Calls the team that owns the code in, and waits until its pager rings. */
  async callTeam(): Promise<void> {
    const [first] = this.#stage.pages;
    await this.#stage.shell('oncall', 'call', this.#id, `team:${this.#outage.team}`);
    const isTheirs = ({ person }: { person: string }): boolean => person !== first?.person;
    await until('the page to the team', () => Promise.resolve(this.#stage.pages.find(isTheirs)), this.#signal);
  }

  /** Rolls back, or forward. */
  async mitigate(): Promise<void> {
    const { kind, to, why } = this.#outage.end;
    const direction = kind === 'rollforward' ? ['--forward'] : [];
    await this.#stage.shell('rollback', 'storefront', ...direction, '--to', to, '--why', why, '--yes');
  }

  /** Waits for the proof that it helped, and returns its sentence. */
  async recovered(): Promise<string> {
    return await until(
      'proof of recovery',
      async () => {
        const { attribution } = await this.#changes();
        const last = attribution?.changes.findLast(({ version }) => version === this.#outage.end.to);
        return last?.recovery?.result === 'proven' ? last.recovery.sentence : undefined;
      },
      this.#signal,
    );
  }

  /** Ebb asks for recovery that is measured. Where requests are slow for another reason, as on a busy machine, it wants one. */
  async resolve(): Promise<void> {
    for (let tries = 0; tries < resolveTries; tries++) {
      const { exitCode, output } = await this.#stage.call('incident', 'resolve', this.#id);
      if (exitCode === 0) {
        this.#say(`$ ebb incident resolve ${this.#id}`);
        return;
      }
      if (tries === 0) this.#say(`  not yet: ${output.trim().split('\n')[0] ?? ''}`);
      await delay(resolveEveryMs, undefined, { signal: this.#signal });
    }
    const reason = 'the leak is gone, as proven; what is slow is slow for another reason';
    await this.#stage.shell('incident', 'resolve', this.#id, '--reason', reason);
  }

  /** Has the postmortem written, and its review set for tomorrow. */
  async writePostmortem(file: string): Promise<void> {
    const at = `${new Date(Date.now() + dayMs).toISOString().slice(0, 16)}Z`;
    await this.#stage.shell('postmortem', 'refresh', this.#id);
    await this.#stage.shell('postmortem', 'review', this.#id, '--at', at, '--minutes', '60');
    await this.#stage.shell('postmortem', 'write', this.#id, file);
  }

  async #changes(): Promise<Changes> {
    return await this.#stage.ask<Changes>(`/api/v1/incidents/${this.#id}/changes`);
  }
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
