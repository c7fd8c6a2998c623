/** The page of the API as somebody meets it who was given an address and a key: every route is there, and one is tried. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { launchChromium } from '../support/chromium.js';
import { Stack } from '../support/stack.js';

const patience = 60_000;
const pictures = mkdtempSync(path.join(tmpdir(), 'reelay-browser-'));

let stack: Stack;
let browser: Browser;
beforeAll(async () => {
  [stack, browser] = await Promise.all([Stack.start({ renderMs: 500 }), launchChromium()]);
});
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});

test('routes are shown and tried with a key that only the page’s memory holds, and nothing comes from elsewhere', async () => {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1200, height: 900 } });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const complaints: string[] = [];
  const addresses: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${message.text()} ${message.location().url}`);
  });
  page.on('request', (request) => addresses.push(request.url()));

  await page.goto(`${stack.run.gatewayUrl}/docs`);
  await page.getByText('Reelay API').first().waitFor();
  const described = (await (await fetch(`${stack.run.gatewayUrl}/openapi.json`)).json()) as { paths: object };
  const shown = await page
    .locator('[data-path]')
    .evaluateAll((each) => each.map((one) => one.getAttribute('data-path')));
  expect(new Set(shown)).toEqual(new Set(Object.keys(described.paths)));

  await page.getByRole('button', { name: 'Authorize' }).click();
  await page.getByLabel('auth-bearer-value').fill(stack.run.apiKey);
  await page.getByLabel('Apply credentials').click();
  await page.getByRole('button', { name: 'Close' }).first().click();
  await page.locator('#operations-models-listModels').getByRole('button').first().click();
  await page.getByRole('button', { name: 'Try it out' }).click();
  await page.getByRole('button', { name: 'Execute' }).click();
  await page.locator('.live-responses-table').getByText('sora2-landscape-10s').first().waitFor();
  await page.screenshot({ path: path.join(pictures, 'tried.png') });

  expect(complaints).toEqual([]);
  const elsewhere = addresses.filter((address) => !/^(data|blob):/.test(address));
  expect([...new Set(elsewhere.map((address) => new URL(address).origin))]).toEqual([stack.run.gatewayUrl]);
  expect(await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie])).toEqual([0, 0, '']);
  await page.reload();
  await page.getByRole('button', { name: 'Authorize' }).click();
  expect(await page.getByLabel('auth-bearer-value').inputValue()).toBe('');
  await context.close();
});
