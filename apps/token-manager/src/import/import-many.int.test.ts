/** @slow */
import { endOf, upload } from '../testing/import-file.js';
import { TestStack } from '../testing/test-stack.js';

let stack: TestStack;

beforeAll(async () => {
  stack = await TestStack.open();
  await stack.start();
});
afterAll(() => stack.close());

/** Some seconds on an idle machine; the tests of a whole release may run beside. */
const patienceMs = 120_000;

test('ten thousand rows go in at one go, and the accounts that they repeat are there once', async () => {
  const people = Array.from({ length: 10_000 }, (_, index) => ({ email: `many-${index % 9_900}@example.com` }));
  const lines = people.map((account) => stack.upstream.mint(account)).join('\n');
  const { body } = await upload(stack, lines, { mode: 'offline' });
  const batch = await endOf(stack, (body as { id: string }).id, patienceMs);
  expect(batch).toMatchObject({ total: 10_000, done: 10_000, failed: 0, verdicts: { added: 9_900, updated: 100 } });
  expect(await stack.database.token.count({ where: { identity: { startsWith: 'many-' } } })).toBe(9_900);
}, 150_000);
