import type { PanelState } from './panel.ts';

/** Where a watch shows itself: the live panel on a terminal, or plain lines. */
export interface Display {
  start(): void;
  /** Prints lines that stay (a finding, a change of verdict, trouble). */
  say(text: string): void;
  /** The state has changed or time has passed; called about once an interval. */
  refresh(state: PanelState): void;
  /** Ctrl-Z: the terminal belongs to the shell for a while. */
  suspend(): void;
  resume(): void;
  /** Restores the terminal. Synchronous and harmless when repeated: it is called on every way out. */
  stop(): void;
}
