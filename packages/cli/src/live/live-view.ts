import type { WriteStream } from 'node:tty';
import type { ChalkInstance } from 'chalk';
import { BottomPanel } from './bottom-panel.ts';
import type { Display } from './display.ts';
import { drawPanel, panelRows, type PanelState } from './panel.ts';

const FRAME_MS = 120;

/** The live panel at the bottom of a terminal. */
export class LiveView implements Display {
  readonly #stream: WriteStream;
  readonly #chalk: ChalkInstance;
  readonly #panel: BottomPanel;
  readonly #onResize = (): void => {
    this.#panel.resized(panelRows(this.#stream.rows, this.#stream.columns));
    this.#draw();
  };
  #state: PanelState | null = null;
  #changed = false;
  #frame = 0;
  #timer: NodeJS.Timeout | null = null;
  #running = false;

  constructor(stream: WriteStream, chalk: ChalkInstance) {
    this.#stream = stream;
    this.#chalk = chalk;
    this.#panel = new BottomPanel(stream);
  }

  start(): void {
    this.#running = true;
    this.#panel.reserve(panelRows(this.#stream.rows, this.#stream.columns));
    this.#stream.on('resize', this.#onResize);
    this.#timer = setInterval(() => {
      this.#frame++;
      if (this.#changed || this.#frame % 4 === 0) this.#draw();
    }, FRAME_MS);
    this.#timer.unref();
  }

  say(text: string): void {
    // The program may be in the middle of a line, and its terminal in raw mode, where a line feed is no carriage return.
    this.#stream.write(`\r\n${text.replace(/\r?\n/gu, '\r\n')}\r\n`);
    this.#draw();
  }

  refresh(state: PanelState): void {
    this.#state = state;
    this.#changed = true;
  }

  suspend(): void {
    this.#panel.release();
  }

  resume(): void {
    if (!this.#running || this.#panel.open) return;
    this.#panel.reserve(panelRows(this.#stream.rows, this.#stream.columns));
    this.#draw();
  }

  stop(): void {
    if (!this.#running) return;
    this.#running = false;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#stream.off('resize', this.#onResize);
    this.#panel.release();
  }

  #draw(): void {
    if (this.#state === null || !this.#panel.open) return;
    this.#changed = false;
    const { rows, columns } = this.#stream;
    const state = { ...this.#state, frame: this.#frame };
    this.#panel.draw(drawPanel(state, { rows: panelRows(rows, columns), columns }, this.#chalk));
  }
}
