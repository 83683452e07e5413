import { expect, test } from 'vitest';
import { code, plain } from './markdown.ts';
import { markdownToHtml } from './to-html.ts';

/** What a reader sees of it: tags taken away, entities read. */
const shown = (html: string): string =>
  html
    .replace(/<[^>]*>/g, '')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&')
    .trim();

test.each([
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '**bold** _it_ ~~no~~ `code`',
  '[click](javascript:alert(1))',
  '![pixel](https://example.com/a.png)',
  '# heading',
  '- point',
  '1. one',
  'a | b | c',
  'https://example.com and www.example.com and me@example.com',
  '&lt;b&gt; &#60;',
  'back\\slash \\*star\\*',
  '=== ---',
])('%s in a name is shown as it was written, and is nothing else', (text) => {
  const html = markdownToHtml(`**by:** ${plain(text)}`);
  expect(shown(html)).toBe(`by: ${text}`);
  expect(html.replace(/<\/?(?:p|strong)>/g, '')).not.toMatch(/<[a-z/]/i);
});

test('lines of a name do not leave their place, and code holds any backticks', () => {
  expect(plain('a\n\n# b\u0000\tc')).toBe('a # b c');
  expect(markdownToHtml(`x ${code('a ``b` <i>')}`)).toBe('<p>x <code>a ``b` &lt;i&gt;</code></p>\n');
});

test('what people write as Markdown may be formatted, and loads and runs nothing', () => {
  const html = markdownToHtml('*so* <b onclick=x>b</b> [a](javascript:1) [b](https://e.org) ![c](https://e.org/c.png)');
  expect(html).toContain('<em>so</em> &lt;b onclick=x&gt;');
  expect(html).toContain('<a href="https://e.org">b</a>');
  expect(html).not.toMatch(/<img|<b |href="javascript/);
});

test('a figure by its name becomes the picture, nobody else can name one', () => {
  const html = markdownToHtml('![m](memory.svg) ![x](toString)', { 'memory.svg': '<svg></svg>' });
  expect(html).toContain('<span class="figure"><svg></svg></span>');
  expect(html.match(/<svg/g)).toHaveLength(1);
});
