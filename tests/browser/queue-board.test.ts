/** The board of queues as an operator meets it: a form, a key, the queues, a job, and no way to change anything. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { waitFor } from '@reelay/testing/wait-for';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchChromium } from '../support/chromium.js';
import { Stack } from '../support/stack.js';

const patience = 30_000;
const pictures = mkdtempSync(path.join(tmpdir(), 'reelay-browser-'));

let stack: Stack;
let browser: Browser;
beforeAll(async () => {
  // By a name and plain http, as in a home network: there browsers say `Origin`, but no `Sec-Fetch-Site`.
  const launch = launchChromium(['--host-resolver-rules=MAP board.test 127.0.0.1']);
  [stack, browser] = await Promise.all([Stack.start({ renderMs: 500 }), launch]);
});
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});

const boardUrl = () => stack.run.gatewayUrl.replace('127.0.0.1', 'board.test');

/** A page that remembers what its browser complained about. */
async function openPage(context: BrowserContext): Promise<{ page: Page; complaints: string[] }> {
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${message.text()} ${message.location().url}`);
  });
  return { page, complaints };
}

const picture = (page: Page, name: string) => page.screenshot({ path: path.join(pictures, `${name}.png`) });

test('a wrong key is refused, the right one shows queues and jobs, and nothing can be changed', async () => {
  const { id } = await stack.client().videos.create({ model: 'sora2-landscape-10s', prompt: 'A heron waits' });
  const generationId = id.replace('video_', '');
  await waitFor(async () => (await stack.client().videos.retrieve(id)).status === 'completed', { timeoutMs: patience });
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1200, height: 800 } });
  const { page, complaints } = await openPage(context);

  await page.goto(`${boardUrl()}/admin/queues/queue/finish?status=completed`);
  // It tells a password manager whose key this is, and is nothing to fill in.
  expect(await page.locator('input[name=user]').isVisible()).toBe(false);
  await page.getByLabel('Admin key').fill('certainly-not-the-admin-key');
  await page.keyboard.press('Enter');
  expect(await page.getByRole('alert').textContent()).toContain('This is not the admin key');
  await picture(page, 'wrong-key');
  expect(complaints.splice(0)).toEqual([expect.stringMatching(/401 \(Unauthorized\) .*\/sign-in/)]);

  await page.getByLabel('Admin key').fill(stack.run.adminKey);
  await page.getByRole('button', { name: 'Sign in' }).click();
  // Where the way had led before the form came in between.
  await page.getByText(generationId).first().waitFor();
  expect(new URL(page.url()).pathname).toBe('/admin/queues/queue/finish');
  await picture(page, 'job');
  await page.goto(`${boardUrl()}/admin/queues`);
  for (const name of ['dispatch', 'run', 'poll', 'finish'])
    await page.getByText(name, { exact: true }).first().waitFor();
  await page.getByText('Loading').waitFor({ state: 'hidden' });
  await picture(page, 'queues');

  const refusal = await page.evaluate(async () => {
    const response = await fetch('/admin/queues/api/queues/run/pause', { method: 'PUT' });
    return [response.status, await response.text()];
  });
  expect(refusal).toEqual([403, expect.stringContaining('board.allowActions')]);
  // Its fonts would come from a stranger's server, which the policy of the page forbids; the refusal above is the other one.
  const unexpected = complaints.filter((text) => !/fonts\.googleapis\.com|queues\/run\/pause/.test(text));
  expect(unexpected).toEqual([]);
  expect(await context.cookies()).toMatchObject([{ name: 'reelay_board', httpOnly: true, sameSite: 'Strict' }]);

  await page.goto(`${boardUrl()}/admin/queues/sign-out`);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Admin key').waitFor();
  expect(await context.cookies()).toEqual([]);
  await context.close();
});

test('the form speaks Chinese to whoever reads it, and works without JavaScript', async () => {
  const context = await browser.newContext({ locale: 'zh-CN', javaScriptEnabled: false });
  const { page, complaints } = await openPage(context);
  await page.goto(`${boardUrl()}/admin/queues`);
  expect(await page.locator('html').getAttribute('lang')).toBe('zh-Hans');
  await picture(page, 'chinese');
  await page.getByLabel('管理员密钥').fill(stack.run.adminKey);
  await page.getByRole('button', { name: '登录' }).click();
  await page.waitForURL(/\/admin\/queues$/);
  expect(complaints.filter((text) => !text.includes('fonts.googleapis.com'))).toEqual([]);
  await context.close();
});
