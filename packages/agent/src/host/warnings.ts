import type { WarningMessage } from '../protocol/index.ts';
import { quietly } from './quietly.ts';

const maxWarnings = 50;
const maxMessageLength = 1000;

/**
 * Passes on the warnings that speak of leaks. A further listener changes nothing about Node's own
 * printing, which is a listener, too. At most fifty are told: each is another emitter's.
 */
export class WarningWatch {
  readonly #listener: (warning: Error) => void;
  #told = 0;

  constructor(tell: (message: WarningMessage) => void) {
    this.#listener = quietly((warning: Error) => {
      if (warning.name !== 'MaxListenersExceededWarning' || this.#told >= maxWarnings) return;
      this.#told += 1;
      tell({ type: 'warning', code: warning.name, message: warning.message.slice(0, maxMessageLength) });
    });
    process.on('warning', this.#listener);
  }

  stop(): void {
    process.off('warning', this.#listener);
  }
}
