/** Files as they really come: written by spreadsheets, cut by connections, sent twice at once, and made to break things. */
import http from 'node:http';
import type { BatchView } from '@reelay/contracts/batches';
import { waitFor } from '@reelay/testing/wait-for';
import { endOf, importFile, upload, verdictsOf } from '../testing/import-file.js';
import { internalKey, TestStack } from '../testing/test-stack.js';

let stack: TestStack;

beforeAll(async () => {
  stack = await TestStack.open();
  await stack.start();
});
afterAll(() => stack.close());

let accounts = 0;
function newToken(email = `hostile-${++accounts}@example.com`): { email: string; token: string } {
  return { email, token: stack.upstream.mint({ email }) };
}
const accountsOf = (email: string) => stack.database.token.findMany({ where: { identity: email } });

async function uploadBytes(bytes: Uint8Array): Promise<BatchView> {
  const response = await fetch(`${stack.managers[0]?.url}/internal/imports?target=simulator&mode=offline`, {
    method: 'POST',
    headers: { authorization: `Bearer ${internalKey}`, 'content-type': 'application/octet-stream' },
    body: bytes.slice(),
  });
  expect(response.status).toBe(202);
  return (await response.json()) as BatchView;
}

const utf16 = (text: string) => Buffer.from(text, 'utf16le');

test.each<[string, (text: string) => Buffer]>([
  ['UTF-8 with a mark', (text) => Buffer.from(`\ufeff${text}`)],
  ['UTF-16, little end first', (text) => utf16(`\ufeff${text}`)],
  ['UTF-16, big end first', (text) => utf16(`\ufeff${text}`).swap16()],
])('a CSV in %s is read, with line ends inside quotes and of every kind outside', async (_name, encode) => {
  const [one, two, three] = [newToken(), newToken(), newToken()];
  const file = [
    `Access Token,Remark,Video Concurrency`,
    `\r\n"${one.token}","first\r\nof ""two"" lines, Grüße",2\r\n`,
    `${two.token},second,3\n${three.token},third,\r`,
  ].join('');
  const batch = await endOf(stack, (await uploadBytes(encode(file))).id);
  expect(verdictsOf(batch)).toEqual(['added', 'added', 'added']);
  expect(await accountsOf(one.email)).toMatchObject([{ label: 'first\r\nof "two" lines, Grüße', videoLimit: 2 }]);
  expect(await accountsOf(three.email)).toMatchObject([{ label: 'third' }]);
});

test('a row that no database could store is told, and never stops the rows around it', async () => {
  const [before, behind] = [newToken(), newToken()];
  const nul = `n${String.fromCharCode(0)}l`;
  const rows = [
    { access_token: before.token },
    { access_token: `${newToken().token}${nul}` },
    { access_token: newToken(`${nul}@example.com`).token, remark: nul, client_id: nul },
    { access_token: newToken(`\ud800@example.com`).token },
    { access_token: newToken(`${'x'.repeat(9_000)}@example.com`).token },
    { email: nul, access_token: 'not-a-jwt' },
    { access_token: newToken().token, image_concurrency: 1e99 },
    { access_token: newToken().token, image_concurrency: -(2 ** 40) },
    { access_token: behind.token },
  ];
  const batch = await importFile(stack, rows, { mode: 'offline' });
  const verdicts = verdictsOf(batch);
  expect([verdicts.at(0), verdicts.at(-1)]).toEqual(['added', 'added']);
  expect(verdicts.slice(1, -1).every((verdict) => verdict === 'added' || verdict === 'invalid')).toBe(true);
  expect(verdicts[4]).toBe('invalid');
  const asked = await importFile(stack, rows, { mode: 'access' });
  expect(verdictsOf(asked).every((verdict) => verdict !== null)).toBe(true);
});

test('an account that stands in a file many times is there once, with what its last row says', async () => {
  const { email, token } = newToken();
  const rows = Array.from({ length: 203 }, (_, index) => ({
    access_token: token,
    video_concurrency: index < 201 ? 5 : 6,
  }));
  const batch = await importFile(stack, [...rows, { access_token: token, video_concurrency: 77 }], { mode: 'offline' });
  expect(batch.verdicts).toEqual({ added: 1, unchanged: 201, updated: 2 });
  expect(await accountsOf(email)).toMatchObject([{ videoLimit: 77 }]);
});

test('the same file sent several times at once adds every account once', async () => {
  const people = Array.from({ length: 120 }, () => newToken());
  const lines = people.map(({ token }) => token);
  const files = [lines, [...lines].reverse(), lines, [...lines].sort()].map((each) => each.join('\n'));
  const batches = await Promise.all(files.map((file) => importFile(stack, file, { mode: 'offline' })));
  expect(batches.map(({ failed }) => failed)).toEqual([0, 0, 0, 0]);
  const added = batches.map(({ verdicts }) => verdicts.added ?? 0).reduce((left, right) => left + right);
  expect(added).toBe(people.length);
  const identities = people.map(({ email }) => email);
  expect(await stack.database.token.count({ where: { identity: { in: identities } } })).toBe(people.length);
});

test('an upload that breaks off does nothing, says so, and leaves no secret behind', async () => {
  const people = Array.from({ length: 600 }, () => newToken());
  const { hostname, port } = new URL(stack.managers[0]?.url ?? '');
  const headers = { authorization: `Bearer ${internalKey}`, 'content-type': 'application/octet-stream' };
  const request = http.request({
    ...{ hostname, port, method: 'POST', headers, path: '/internal/imports?target=simulator&mode=offline' },
  });
  request.on('error', () => undefined);
  request.write(people.map(({ token }) => `${token}\n`).join(''));
  const receiving = () => stack.database.batch.findFirst({ where: { state: 'receiving', batchRows: { some: {} } } });
  await waitFor(async () => (await receiving()) !== null, { timeoutMs: 20_000 });
  const { id = '' } = (await receiving()) ?? {};
  request.destroy();
  const batch = () => stack.database.batch.findUniqueOrThrow({ where: { id } });
  await waitFor(async () => (await batch()).state === 'failed', { timeoutMs: 20_000 });
  expect((await batch()).error).toMatch(/connection|upload/i);
  expect(await stack.database.batchRow.count({ where: { payloadSealed: { not: null } } })).toBe(0);
  expect(await stack.database.token.count({ where: { identity: { in: people.map(({ email }) => email) } } })).toBe(0);
});

test('a file of one endless line is told as one row, and one of nothing but brackets as none', async () => {
  const endless = await importFile(stack, `${'x'.repeat(3_000_000)}\n${newToken().token}\n`, { mode: 'offline' });
  expect(verdictsOf(endless)).toEqual(['invalid', 'added']);
  expect(await upload(stack, `[${' '.repeat(100_000)}]`)).toMatchObject({ status: 400 });
  const deep = await importFile(stack, `[${'['.repeat(50_000)}${']'.repeat(50_000)}]`, { mode: 'offline' });
  expect(verdictsOf(deep)).toEqual(['invalid']);
});
