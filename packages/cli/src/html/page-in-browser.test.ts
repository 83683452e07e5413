// The page in a browser: what it does with the keyboard, on a narrow screen, without its script, and with a hostile heap.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasBrowser, startBrowser } from '../fixtures/browser.ts';
import { contentsNamed, hostileNames, reportNamed } from '../fixtures/report.ts';
import { renderPage } from './page.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-page-test-'));
let browser: Browser;
beforeAll(async () => {
  if (hasBrowser) browser = await startBrowser();
});
afterAll(async () => {
  if (hasBrowser) await browser.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A page opened from its file, and whatever it asks for or complains about. */
async function open(name: string, options: BrowserContextOptions = {}): Promise<{ page: Page; heard: string[] }> {
  const file = join(folder, 'page.html');
  const excerpt = ({ line }: { line: number }): { number: number; text: string }[] => {
    return [{ number: line, text: `this.sessions.set(id, ${name}); ${'x'.repeat(200)}` }];
  };
  writeFileSync(
    file,
    renderPage({ report: reportNamed(name), contents: contentsNamed(name), at: new Date(), excerpt }),
  );
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })).newPage();
  const heard: string[] = [];
  page.on('console', (message) => heard.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => heard.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => heard.push(`dialog: ${dialog.message()}`));
  page.on('request', (request) => {
    if (request.url() !== pathToFileURL(file).href) heard.push(`request: ${request.url()}`);
  });
  await page.goto(pathToFileURL(file).href);
  return { page, heard };
}

describe.skipIf(!hasBrowser)('in a browser', () => {
  test('names that would break out do nothing, ask for nothing, and are shown', async () => {
    const hostile = hostileNames.join(' ');
    const { page, heard } = await open(hostile);
    for (const area of await page.locator('.area').all()) await area.hover();
    await page.locator('.area').first().press('Enter');
    expect(await page.evaluate('globalThis.pwned')).toBeUndefined();
    expect(heard).toEqual([]);
    expect(
      await page.locator('main script:not([type="application/json"]), img, main svg:not([role=img])').count(),
    ).toBe(0);
    const title = await page.locator('.finding h2').textContent();
    expect(title).toContain('</script><script>globalThis.pwned = 1</script>');
    expect(title).toContain('safe\\u202etxt.sj');
  });

  test('the map is walked through with the keyboard: arrows to the next area, Enter into it, Escape out', async () => {
    const { page, heard } = await open('Session');
    const focused = (): Promise<string | null> =>
      page.evaluate<string | null>("document.activeElement.getAttribute('aria-label')?.split(',')[0] ?? null");
    const crumbs = (): Promise<string[]> => page.locator('.crumbs li').allTextContents();
    const tree = page.getByRole('tree');
    expect(await page.getByRole('treeitem').count()).toBe(3);
    expect(await tree.locator('[tabindex="0"]').count()).toBe(1);
    await page.getByRole('treeitem', { name: 'firstSession' }).focus();
    await page.keyboard.press('ArrowRight');
    expect(await focused()).toBe('secondSession');
    await page.keyboard.press('ArrowDown');
    expect(await focused()).toBe('thirdSession');
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    expect(await focused()).toBe('innerSession');
    expect(await crumbs()).toEqual(['heapSession', 'firstSession 20 MB']);
    expect(await page.locator('.tip').textContent()).toContain('12 MB, 29 % of the heap');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter'); // the innermost has no parts
    expect(await crumbs()).toEqual(['heapSession', 'firstSession 20 MB', 'innerSession 12 MB']);
    await page.keyboard.press('Backspace');
    await page.keyboard.press('Escape');
    expect([await focused(), await crumbs()]).toEqual(['firstSession', ['heapSession']]);
    await page.keyboard.press('Escape');
    expect(await focused()).toBe('firstSession');
    await page
      .locator('.cell', { hasText: /^innermostSession/u })
      .last()
      .click();
    expect(await crumbs()).toEqual(['heapSession', 'firstSession 20 MB', 'innerSession 12 MB']);
    await page.getByRole('button', { name: 'heapSession' }).click();
    expect(await crumbs()).toEqual(['heapSession']);
    expect(heard).toEqual([]);
  });

  test('a table is sorted by its heads, says so, and is filtered', async () => {
    const { page } = await open('Session');
    const table = page.getByRole('table', { name: 'Classes' });
    const first = (): Promise<string | null> => table.locator('tbody tr').first().locator('td').first().textContent();
    const head = (name: string) => table.getByRole('columnheader', { name });
    expect(await head('Retained').getAttribute('aria-sort')).toBe('descending');
    expect(await table.locator('tbody tr').count()).toBe(15);
    await head('Objects').getByRole('button').press('Enter');
    expect([await first(), await head('Objects').getAttribute('aria-sort')]).toEqual(['Class19Session', 'descending']);
    await head('Objects').getByRole('button').click();
    expect([await first(), await head('Retained').getAttribute('aria-sort')]).toEqual(['Class0Session', 'none']);
    await page.getByRole('searchbox', { name: 'Filter: Classes' }).fill('class17');
    expect([await first(), await table.locator('tbody tr').count()]).toEqual(['Class17Session', 1]);
  });

  test('without its script everything but the drawn map is there, and the map as a list', async () => {
    const { page } = await open('Session', { javaScriptEnabled: false });
    expect(await page.locator('.path li').count()).toBe(3);
    expect(await page.getByRole('table', { name: 'Classes' }).locator('tbody tr').count()).toBe(20);
    expect(await page.locator('.treemap').isVisible()).toBe(false);
    expect(await page.locator('.listed').getByText('innermostSession').isVisible()).toBe(true);
  });

  test.each([360, 1600])('nothing is wider than a screen of %i pixels', async (width) => {
    const { page } = await open('Session', { viewport: { width, height: 800 } });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
  });
});
