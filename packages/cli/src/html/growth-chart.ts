import { bytes, count } from '../wording/quantities.ts';
import { html, type Markup } from './markup.ts';

const WIDTH = 260;
const HEIGHT = 96;
const [TOP, BOTTOM] = [18, 16];
/** More bars than this have no room for their figures. */
const MOST_FIGURES = 5;

/** Growth in each step between two snapshots as bars, with its figures in words for whoever cannot see it. */
export function growthChart(steps: readonly { bytes: number; count: number }[]): Markup {
  const most = Math.max(1, ...steps.map((step) => Math.abs(step.bytes)));
  const slot = WIDTH / steps.length;
  const barWidth = Math.min(72, slot * 0.7);
  const full = HEIGHT - TOP - BOTTOM;
  const bars = steps.map((step, at) => {
    const high = Math.max(1, Math.round((Math.max(0, step.bytes) / most) * full));
    const middle = Math.round((at + 0.5) * slot);
    const figures =
      steps.length > MOST_FIGURES
        ? html``
        : html`<text class="figure" x="${middle}" y="${TOP + full - high - 5}">${signed(step.bytes)}</text>
            <text x="${middle}" y="${HEIGHT - 3}">${at + 1} → ${at + 2}</text>`;
    return html`<rect
        x="${Math.round(middle - barWidth / 2)}"
        y="${TOP + full - high}"
        width="${Math.round(barWidth)}"
        height="${high}"
      />${figures}`;
  });
  const words = steps.map(
    (step, at) => `snapshot ${at + 1} to ${at + 2}: ${signed(step.bytes)}, ${signedCount(step.count)} objects`,
  );
  return html`<figure class="growth">
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Growth: ${words.join('; ')}">
      ${bars}
      <line x1="0" x2="${WIDTH}" y1="${TOP + full + 0.5}" y2="${TOP + full + 0.5}" />
    </svg>
    <figcaption>growth from snapshot to snapshot</figcaption>
  </figure>`;
}

const signed = (value: number): string => `${value > 0 ? '+' : ''}${bytes(value)}`;
const signedCount = (value: number): string => `${value > 0 ? '+' : ''}${count(value)}`;
