/** Markdown as HTML. No HTML in it is let through, and no link leads anywhere but to `http:`, `https:` and `mailto:`. */
import MarkdownIt from 'markdown-it';

/** Renders Markdown. Figures are given by the names that the text has for them; other pictures are links. */
export function markdownToHtml(markdown: string, figures: Readonly<Record<string, string>> = {}): string {
  const renderer = new MarkdownIt({ html: false, linkify: false });
  const allowed = renderer.validateLink.bind(renderer);
  renderer.validateLink = (url) => allowed(url) && (/^(?:https?:|mailto:)/i.test(url) || url in figures);
  renderer.renderer.rules['image'] = (tokens, index) => {
    const token = tokens[index];
    const source = String(token?.attrGet('src') ?? '');
    const svg = Object.hasOwn(figures, source) ? figures[source] : undefined;
    const text = renderer.utils.escapeHtml(token?.content ?? '');
    // Nobody's picture is loaded when a postmortem is read.
    if (svg === undefined) return `<a href="${renderer.utils.escapeHtml(source)}" rel="noreferrer">${text}</a>`;
    return `<span class="figure">${svg}</span>`;
  };
  renderer.renderer.rules['table_open'] = () => '<div class="scroll" tabindex="0"><table>';
  renderer.renderer.rules['table_close'] = () => '</table></div>';
  return renderer.render(markdown);
}
