import { describe, expect, test } from 'vitest';
import { hostileNames } from '../fixtures/report.ts';
import { dataElement, html, shown } from './markup.ts';

describe('a template', () => {
  test('escapes what is put into it, in text and in attributes', () => {
    expect(html`<b title="${`"x' y`}">${'<i>&amp;</i>'}</b>`.toString()).toBe(
      '<b title="&#34;x&#39; y">&#60;i&#62;&#38;amp;&#60;/i&#62;</b>',
    );
  });

  test('takes pieces of a page as they are, lists of them in order, and nothing as nothing', () => {
    const items = ['a<', 'b'].map((name) => html`<i>${name}</i>`);
    expect(html`<p>${items}${null}${undefined}${3}</p>`.toString()).toBe('<p><i>a&#60;</i><i>b</i>3</p>');
  });

  test.each(hostileNames.map((name) => [JSON.stringify(name), name]))('lets nothing out of it: %s', (_told, name) => {
    const text = html`<p title="${name}">${[name, [name]]}</p>`.toString();
    expect(text.slice(10, -4)).not.toMatch(/[<"'`](?!>)|\p{Cs}/u);
    expect(text.match(/</gu)).toHaveLength(2);
  });
});

describe('data for a script', () => {
  test.each(hostileNames.map((name) => [JSON.stringify(name), name]))('cannot end its element: %s', (_told, name) => {
    const element = dataElement('data', { [name]: [name] }).toString();
    const json = /^<script type="application\/json" id="data">([^<]*)<\/script>$/u.exec(element)?.[1] ?? '';
    expect(Object.entries(JSON.parse(json) as object)).toEqual([[name, [name]]]);
    expect(json).not.toMatch(/\p{Cs}/u);
  });
});

describe('a name', () => {
  test('shows what hides in it', () => {
    expect(shown('a\u202eb\u001b[2J\u200b')).toBe('a\\u202eb\\x1b[2J\\u200b');
  });

  test('is not endless', () => {
    expect(shown('x'.repeat(1e6)).length).toBe(240);
  });
});
