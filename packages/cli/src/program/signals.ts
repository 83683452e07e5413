import { inForeground } from './foreground.ts';

/** Signals that ask a program to end; Ebb outlives them to print its summary. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
/** Signals that programs give a meaning of their own; Ebb passes them on and has none. SIGUSR1 stays Node's inspector. */
const PLAIN = ['SIGUSR2', 'SIGCONT'] as const;

/** What the relay tells; and what it works on. */
export interface SignalRelayOptions {
  /** Sends a signal to the program that was started. */
  send(signal: NodeJS.Signals): void;
  /** Ends, without a chance to refuse, the program and every process of it that Ebb knows of. */
  kill(): void;
  /** A first, second, third request to end came. */
  onEnding(times: number, signal: NodeJS.Signals): void;
  /** Ctrl-Z, before Ebb stops itself; and after it goes on. */
  onSuspend(): void;
  onResume(): void;
}

/**
 * Passes signals on to the watched program. A Ctrl-C at the terminal has already reached it (see {@link inForeground}),
 * so that one is not sent twice. The program decides when it ends; a second request makes Ebb send SIGTERM, a third SIGKILL.
 */
export class SignalRelay {
  readonly #options: SignalRelayOptions;
  readonly #handlers: [NodeJS.Signals, () => void][] = [];
  #endings = 0;

  constructor(options: SignalRelayOptions) {
    this.#options = options;
  }

  start(): void {
    for (const signal of ENDING)
      this.#on(signal, () => {
        this.#ending(signal);
      });
    for (const signal of PLAIN) {
      this.#on(signal, () => {
        if (signal === 'SIGCONT') this.#options.onResume();
        else this.#options.send(signal);
      });
    }
    this.#on('SIGTSTP', () => {
      this.#options.onSuspend();
      if (!inForeground()) this.#options.send('SIGTSTP');
      process.kill(process.pid, 'SIGSTOP');
    });
  }

  /** Restores what the signals do by default. */
  stop(): void {
    for (const [signal, handler] of this.#handlers.splice(0)) process.off(signal, handler);
  }

  #on(signal: NodeJS.Signals, handler: () => void): void {
    process.on(signal, handler);
    this.#handlers.push([signal, handler]);
  }

  #ending(signal: (typeof ENDING)[number]): void {
    this.#endings++;
    const fromTerminal = (signal === 'SIGINT' || signal === 'SIGQUIT') && inForeground();
    if (!fromTerminal) this.#options.send(signal);
    if (this.#endings === 2) this.#options.send('SIGTERM');
    if (this.#endings >= 3) this.#options.kill();
    this.#options.onEnding(this.#endings, signal);
  }
}
