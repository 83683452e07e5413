// The pages in a browser: on a telephone, in the dark, with the keyboard, for a screen reader, and while they change.
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasBrowser, startBrowser } from '../fixtures/browser.ts';
import { tellFleet, tellOfCheckout } from '../fixtures/fleet.ts';
import { otlpJson } from '../fixtures/reports.ts';
import { startTestServer, type TestServer } from '../fixtures/test-server.ts';

let browser: Browser;
let server: TestServer;
let servicePath: string;
let incidentPath: string;
beforeAll(async () => {
  if (!hasBrowser) return;
  [browser, server] = await Promise.all([startBrowser(), startTestServer()]);
  await tellFleet(server.url, server.agent, Date.now());
  await tellOfCheckout(server.url, server.agent);
  let incidents: { id: number; summary: string }[] = [];
  while (incidents.length < 3 || !incidents.some(({ summary }) => summary.includes('sessions (Map)'))) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    incidents = (await server.send('GET', '/api/v1/incidents')).json;
  }
  incidentPath = `/incidents/${incidents.find(({ summary }) => summary.includes('sessions (Map)'))?.id}`;
  const services = (await server.send('GET', '/api/v1/services')).json as { id: number; name: string }[];
  servicePath = `/services/${services.find(({ name }) => name === 'search')?.id}`;
});
afterAll(async () => {
  if (!hasBrowser) return;
  await browser.close();
  await server.remove();
});

/** A page of somebody who has logged in through the form, and whatever it complains about. */
async function open(options: BrowserContextOptions = {}): Promise<{ page: Page; heard: string[] }> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })).newPage();
  const heard: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') heard.push(message.text());
  });
  page.on('pageerror', (error) => heard.push(error.message));
  await page.goto(server.url);
  await page.getByLabel('Token').fill(server.admin);
  await page.getByRole('button', { name: 'Log in with the token' }).click();
  await page.getByRole('heading', { name: /services run out/ }).waitFor();
  return { page, heard };
}

interface Violation {
  id: string;
  nodes: { html: string; failureSummary: string }[];
}

const allPaths = (): string[] => [
  ...['/', servicePath, '/incidents', incidentPath, `${incidentPath}/postmortem`, '/incidents/numbers'],
  ...['/oncall', '/users'],
];

describe.skipIf(!hasBrowser)('in a browser', () => {
  test.each([360, 1280])('nothing is wider than a screen of %i pixels', async (width) => {
    const { page, heard } = await open({ viewport: { width, height: 800 } });
    for (const path of allPaths()) {
      await page.goto(server.url + path);
      expect([path, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([path, width]);
      const cutOff = `[...document.querySelectorAll('.scroll')].filter((table) => table.scrollWidth > table.clientWidth).length`;
      expect([path, await page.evaluate(cutOff)]).toEqual([path, 0]);
    }
    expect(heard).toEqual([]);
  });

  test.each(['light', 'dark'] as const)(
    'axe-core finds nothing to complain about, when it is %s',
    async (colorScheme) => {
      const { page } = await open({ colorScheme, bypassCSP: true });
      for (const path of [...allPaths(), '/login']) {
        await page.goto(server.url + path);
        await page.evaluate(axe.source);
        const found = await page.evaluate<Violation[]>('axe.run().then(({ violations }) => violations)');
        expect([path, ...found.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`)]).toEqual(
          [path],
        );
      }
    },
  );

  test('a change is shown without loading the page again, and focus stays where it is', async () => {
    const { page, heard } = await open();
    await page.evaluate('globalThis.untouched = true');
    await page.getByRole('link', { name: 'billing', exact: true }).focus();
    const body = otlpJson(Date.now(), { service: 'freshly leaking', verdict: 'leak' });
    await server.send('POST', '/v1/metrics', { body, token: server.agent });
    await page.getByRole('link', { name: 'freshly leaking', exact: true }).waitFor();
    await page.getByRole('link', { name: /freshly leaking 1.0 leaks/ }).waitFor();
    expect(await page.evaluate('[globalThis.untouched, document.activeElement.textContent]')).toEqual([
      true,
      'billing',
    ]);
    expect(heard).toEqual([]);
  });

  test('without its script everything is there, and one gets everywhere', async () => {
    const { page } = await open({ javaScriptEnabled: false });
    await page.getByRole('link', { name: 'search', exact: true }).click();
    await page.getByRole('img', { name: /^Memory from/ }).waitFor();
    await page.getByText('odd one out').waitFor();
    await page.getByRole('link', { name: 'Incidents' }).first().click();
    await page.getByRole('link', { name: /^checkout/ }).click();
    await page.getByRole('heading', { name: 'Timeline' }).waitFor();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('heading', { name: 'Log in to Ebb' }).waitFor();
  });

  test('the document of the API is shown with each of its operations', async () => {
    const { page, heard } = await open();
    await page.goto(`${server.url}/api/v1/docs`);
    const { paths } = (await server.send('GET', '/api/v1/openapi.json')).json as { paths: Record<string, object> };
    const operations = Object.values(paths).flatMap((path) => Object.keys(path));
    await page
      .locator('.opblock')
      .nth(operations.length - 1)
      .waitFor();
    expect(await page.locator('.opblock').count()).toBe(operations.length);
    // Styles that it would put into the page are refused, and not missed.
    expect(heard.filter((line) => !line.includes('inline style'))).toEqual([]);
  });

  test('the first key leads to the content', async () => {
    const { page } = await open();
    await page.reload();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(new URL(page.url()).hash).toBe('#content');
  });
});
