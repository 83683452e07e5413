import { refusal } from '../store/forget-audit.ts';
import type { TokenStore } from '../store/tokens.ts';

/** More in a minute are counted, not written down: who is refused cannot fill the disk. */
const mostAMinute = 30;

/** Writes down what was refused: by whom, what, from which address. */
export class Refusals {
  readonly #tokens: TokenStore;
  readonly #now: () => number;
  #minute = 0;
  #count = 0;

  constructor(tokens: TokenStore, now: () => number) {
    this.#tokens = tokens;
    this.#now = now;
  }

  /** Notes one. A database that does not take it keeps nobody from being refused. */
  async note(actor: string, detail: string): Promise<void> {
    const nowMs = this.#now();
    const minute = Math.floor(nowMs / 60_000);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#count = 0;
    }
    this.#count += 1;
    if (this.#count > mostAMinute + 1) return;
    const told = this.#count > mostAMinute ? 'more in this minute are not written down' : detail;
    await this.#tokens.audit(actor, refusal, told, nowMs).catch(() => undefined);
  }
}
