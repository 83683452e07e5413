import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { contentsNamed, hostileNames, reportNamed } from '../fixtures/report.ts';
import { renderPage } from './page.ts';
import { STYLE } from './style.ts';

const pageOf = (name: string, contents = contentsNamed(name)): string =>
  renderPage({
    report: reportNamed(name),
    contents,
    at: new Date('2026-11-21T03:00:00Z'),
    excerpt: ({ line }) => [{ number: line, text: `  this.sessions.set(id, ${name});` }],
  });
const hashOf = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;

describe('the page', () => {
  const page = pageOf('Session');

  test('lets run and load what it holds itself, and nothing else', () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/u.exec(page)?.[1]?.replaceAll('&#39;', "'");
    const script = /<script type="module">(.*?)<\/script>/su.exec(page)?.[1] ?? '';
    expect(policy).toBe(
      `default-src 'none'; script-src '${hashOf(script)}'; style-src '${hashOf(STYLE)}'; base-uri 'none'; form-action 'none'`,
    );
    expect(page).toContain(`<style>${STYLE}</style>`);
    expect(script).not.toMatch(/^\s*(?:import|export)\b/mu); // What stays of a module could not be loaded.
  });

  test('names no other place: no address, no style of an element, no handler', () => {
    const own = page.replace(/<script type="module">.*?<\/script>/su, '');
    expect(own).not.toMatch(/\b(?:href(?!="#)|src|style|on\w+)=|https?:|url\(|@import/u);
  });

  test('tells, in this order: findings, map, tables, snapshots', () => {
    const headings = [...page.matchAll(/<h[123][^>]*>([^<]*)</gu)].map(([, heading]) => heading);
    expect(headings).toEqual([
      '1 leak',
      'Session keeps growing: +12,000 objects',
      'What holds it',
      'The lines',
      'Retained memory',
      'Kinds of objects',
      'Classes',
      'Duplicated strings, by what holds them',
      'Duplicated strings, by text',
      'Buffers',
      'Collections with more room than content',
      'Scopes kept by a small closure',
      'Contexts of vm',
      'Snapshots',
    ]);
  });

  test('without what the heap holds is the findings and the snapshots', () => {
    const bare = renderPage({ report: reportNamed('Session'), contents: null, at: new Date(0), excerpt: () => null });
    expect([...bare.matchAll(/<h2[^>]*>([^<]*)</gu)].map(([, heading]) => heading)).toEqual([
      'Session keeps growing: +12,000 objects',
      'Snapshots',
    ]);
  });

  test('says first what a file that was cut off had lost', () => {
    const report = reportNamed('Session');
    report.snapshots[2].lost = ['the file is cut off; lost: 3 of 9 <names>'];
    const cut = renderPage({ report, contents: null, at: new Date(0), excerpt: () => null });
    expect(cut.indexOf('lost: 3 of 9 &#60;names&#62;')).toBeGreaterThan(0);
    expect(cut.indexOf('lost: 3 of 9')).toBeLessThan(cut.indexOf('<article'));
  });

  test('stays small, whatever the heap holds', () => {
    const name = 'Session'.repeat(150_000);
    expect(pageOf(name).length).toBeLessThan(200_000);
    expect(pageOf('x').length).toBeLessThan(80_000);
  });
});

test.each(hostileNames.map((name) => [JSON.stringify(name), name]))(
  'a hostile name makes no element: %s',
  (_told, name) => {
    const tags = (text: string): string[] => (text.match(/<[a-z!/][^\s>]*/giu) ?? []).filter((tag) => tag !== '<wbr');
    expect(tags(pageOf(name))).toEqual(tags(pageOf('Session')));
    expect(pageOf(name)).not.toMatch(/(?!\n)[\p{Cc}\p{Cs}\u200b\u202a-\u202e\u2066-\u2069\ufeff]/u);
  },
);

describe.each([
  ['light', /^:root \{(.*?)^\}/msu],
  ['dark', /prefers-color-scheme: dark\) \{\s*:root \{(.*?)\}/su],
])('the colours of the %s page', (_scheme, block) => {
  const text = block.exec(STYLE)?.[1] ?? '';
  const colours = new Map(
    [...text.matchAll(/--([a-z-]+): (#[0-9a-f]{6})/gu)].map(([, name, colour]) => [name, colour]),
  );
  const kinds = ['object', 'collection', 'string', 'buffer', 'function', 'code', 'rest'];
  const pairs = [
    ...['text', 'faint', 'leak', 'suspect', 'bounded', 'added', 'removed'].map((name) => [name, 'page']),
    ...['text', 'faint', 'added', 'removed'].map((name) => [name, 'raised']),
    ['text', 'mark'],
    ['faint', 'mark'],
    ...kinds.map((kind) => ['on-area', kind]),
  ];

  test.each(pairs)('%s on %s can be read (WCAG AA, 4.5 to 1)', (front, back) => {
    expect(contrast(colours.get(front) ?? '', colours.get(back) ?? '')).toBeGreaterThanOrEqual(4.5);
  });

  test.each([...['page', 'raised', ...kinds].map((back) => ['focus', back]), ['bar', 'page']])(
    '%s on %s can be seen (WCAG AA, 3 to 1)',
    (front, back) => {
      expect(contrast(colours.get(front) ?? '', colours.get(back) ?? '')).toBeGreaterThanOrEqual(3);
    },
  );
});

/** WCAG 2.2: the contrast ratio of two colours (#rrggbb). */
function contrast(front: string, back: string): number {
  const [light, dark] = [luminance(front), luminance(back)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
