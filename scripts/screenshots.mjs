// Makes the pictures of the server's pages in docs/guide/images: a server with a made-up fleet, in Chromium.
//
//   node scripts/screenshots.mjs          (the project has to be built: npm run build)

import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServer } from '@ebb/server';
import { startBrowser } from '../packages/server/src/fixtures/browser.ts';
import { tellFleet, tellOfCheckout } from '../packages/server/src/fixtures/fleet.ts';

const images = fileURLToPath(new URL('../docs/guide/images', import.meta.url));
const mostBytes = 150_000;

const directory = mkdtempSync(join(tmpdir(), 'ebb-screenshots-'));
const server = await startServer({ database: { directory }, port: 0 });
const browser = await startBrowser();
try {
  const { admin, agent } = server.firstTokens ?? { admin: '', agent: '' };
  await tellFleet(server.url, agent, Date.now());
  await tellOfCheckout(server.url, agent);
  mkdirSync(images, { recursive: true });
  const desk = await logIn(admin, { width: 1280, height: 860 }, 'light');
  while ((await desk.locator('.row.incident').count()) < 3) await desk.waitForTimeout(200);
  await desk.getByRole('link', { name: /sessions/ }).waitFor();
  await shoot(desk, 'services.png');
  await desk.getByRole('link', { name: /sessions/ }).click();
  await desk.getByRole('heading', { name: 'What holds the memory' }).waitFor();
  await shoot(desk, 'incident.png');
  const phone = await logIn(admin, { width: 360, height: 860 }, 'dark');
  await phone.getByRole('link', { name: 'checkout', exact: true }).click();
  await phone.getByRole('img', { name: 'Memory' }).waitFor();
  await shoot(phone, 'service-phone.png');
} finally {
  await browser.close();
  await server.close();
  rmSync(directory, { recursive: true, force: true });
}

/**
 * @param {string} token
 * @param {{ width: number, height: number }} viewport
 * @param {'light' | 'dark'} colorScheme
 */
async function logIn(token, viewport, colorScheme) {
  const page = await (await browser.newContext({ viewport, colorScheme })).newPage();
  await page.goto(server.url);
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Log in with the token' }).click();
  await page.getByRole('heading', { name: /run out of memory/ }).waitFor();
  return page;
}

/**
 * @param {Awaited<ReturnType<typeof logIn>>} page
 * @param {string} name
 */
async function shoot(page, name) {
  const file = join(images, name);
  await page.screenshot({ path: file });
  const { size } = statSync(file);
  if (size > mostBytes) throw new Error(`${name} has ${size} bytes; ${mostBytes} are enough`);
  console.log(`${name}: ${size} bytes`);
}
