import { exportFile, importFile, runBatch, upload, verdictsOf } from '../testing/import-file.js';
import { TestStack } from '../testing/test-stack.js';

let stack: TestStack;

beforeAll(async () => {
  stack = await TestStack.open();
  await stack.start();
});
afterAll(() => stack.close());
afterEach(() => stack.upstream.failures.clear());

let accounts = 0;
function newAccount() {
  accounts += 1;
  return { email: `import-${accounts}@example.com`, plan: 'chatgpt_plus' };
}
const rowsOf = (email: string) => stack.database.token.findMany({ where: { identity: email } });
const rowOf = (email: string) => stack.database.token.findFirstOrThrow({ where: { identity: email, hiddenAt: null } });
const accessTokenOf = async (id: string) =>
  (await stack.call<{ accessToken: string }>('POST', `/internal/tokens/${id}/credential`, { body: {} })).body
    .accessToken;
const sora2api = (given: object) => ({
  ...{ email: null, access_token: null, session_token: null, refresh_token: null, client_id: null, proxy_url: null },
  ...{
    remark: null,
    is_active: true,
    image_enabled: true,
    video_enabled: true,
    image_concurrency: -1,
    video_concurrency: -1,
  },
  ...given,
});

describe('mode offline', () => {
  it('takes a file of sora2api up as it is, also while the upstream is away', async () => {
    const [one, two] = [newAccount(), newAccount()];
    const accessToken = stack.upstream.mint(one);
    stack.upstream.failures.set('/backend/me', { status: 503 });
    const batch = await importFile(
      stack,
      [
        sora2api({
          email: one.email,
          access_token: accessToken,
          remark: 'mine',
          video_concurrency: 2,
          image_enabled: false,
        }),
        sora2api({ email: two.email, access_token: stack.upstream.mint(two), is_active: false, image_concurrency: 0 }),
        sora2api({ email: 'nobody@example.com' }),
      ],
      { mode: 'offline' },
    );
    expect(verdictsOf(batch)).toEqual(['added', 'added', 'invalid']);
    expect(batch).toMatchObject({ state: 'done', total: 3, done: 3, failed: 1, verdicts: { added: 2, invalid: 1 } });
    expect(batch.rows[0]).toMatchObject({ n: 1, label: one.email, hint: accessToken.slice(-4) });
    const row = await rowOf(one.email);
    expect(row).toMatchObject({ label: 'mine', imageLimit: -1, videoLimit: 2, imageEnabled: false, state: 'active' });
    expect(await accessTokenOf(row.id)).toBe(accessToken);
    expect(await rowOf(two.email)).toMatchObject({ imageLimit: -1, state: 'disabled' });
  });

  it('says unchanged the second time, updated when something is new, and never makes a second account', async () => {
    const account = newAccount();
    const row = sora2api({ email: account.email, access_token: stack.upstream.mint(account) });
    expect(verdictsOf(await importFile(stack, [row, row], { mode: 'offline' }))).toEqual(['added', 'unchanged']);
    expect(verdictsOf(await importFile(stack, [row], { mode: 'offline' }))).toEqual(['unchanged']);
    const renewed = { ...row, access_token: stack.upstream.mint(account) };
    expect(verdictsOf(await importFile(stack, [renewed, row], { mode: 'offline' }))).toEqual(['updated', 'updated']);
    expect(await rowsOf(account.email)).toHaveLength(1);
  });

  it('does not bring back what an operator disabled', async () => {
    const account = newAccount();
    await importFile(stack, [sora2api({ access_token: stack.upstream.mint(account) })], { mode: 'offline' });
    const { id } = await rowOf(account.email);
    await runBatch(stack, { kind: 'disable', tokenIds: [id] });
    await importFile(stack, [sora2api({ access_token: stack.upstream.mint(account) })], { mode: 'offline' });
    expect(await rowOf(account.email)).toMatchObject({ id, state: 'disabled' });
  });
});

describe('modes that ask the upstream', () => {
  it('inspects an account by its access token', async () => {
    const account = newAccount();
    const dead = `${stack.upstream.mint(newAccount())}x`;
    const batch = await importFile(stack, `${stack.upstream.mint(account)}\n${dead}\n`, { mode: 'access' });
    expect(verdictsOf(batch)).toEqual(['added', 'invalid']);
    expect(batch.rows[1]?.message).toMatch(/does not accept this access token/);
    expect(await rowOf(account.email)).toMatchObject({ plan: 'plus', sora2: true, remaining: 30 });
  });

  it('exchanges a session token, and says which ones are no good any more', async () => {
    const account = newAccount();
    stack.upstream.sessionTokens.set('session-of-import', account);
    const file = 'email;session_token\r\n"x@example.com";session-of-import\r\n;session-of-nobody\r\n';
    const batch = await importFile(stack, file, { mode: 'st' });
    expect(verdictsOf(batch)).toEqual(['added', 'invalid']);
    expect(await rowsOf('x@example.com')).toEqual([]);
    expect(await rowOf(account.email)).toMatchObject({ sessionTokenSealed: expect.any(String) as string });
  });

  it('takes a list of refresh tokens, sends each one once, and keeps what it was exchanged for', async () => {
    const account = newAccount();
    stack.upstream.refreshTokens.set('refresh-of-import', account);
    const file = 'refresh-of-import\nrefresh-of-import\nrefresh-of-nobody\n';
    const batch = await importFile(stack, file, { mode: 'refresh', clientId: 'app_mine' });
    expect(verdictsOf(batch).sort()).toEqual(['added', 'failed', 'invalid']);
    expect(verdictsOf(await importFile(stack, file, { mode: 'rt' }))).toEqual(['failed', 'failed', 'failed']);
    expect(stack.upstream.sentRefreshTokens.filter((token) => token === 'refresh-of-import')).toHaveLength(1);
    const row = await rowOf(account.email);
    expect(row).toMatchObject({ clientId: 'app_mine' });
    const refreshed = await runBatch(stack, { kind: 'refresh', tokenIds: [row.id] });
    expect(verdictsOf(refreshed)).toEqual(['done']);
  });

  it('does not send a refresh token again when its answer was lost', async () => {
    stack.upstream.failures.set('/oauth/token', 'hang up');
    const lost = await importFile(stack, 'refresh-lost', { mode: 'refresh' });
    expect(lost.rows[0]).toMatchObject({
      verdict: 'failed',
      message: expect.stringMatching(/no answer came/) as string,
    });
    stack.upstream.failures.clear();
    await importFile(stack, 'refresh-lost', { mode: 'refresh' });
    expect(stack.upstream.sentRefreshTokens.filter((token) => token === 'refresh-lost')).toHaveLength(1);
  });

  it('finds the way by itself: an expired access token gives way to what can renew it', async () => {
    const [live, stale] = [newAccount(), newAccount()];
    stack.upstream.refreshTokens.set('refresh-of-stale', stale);
    const batch = await importFile(stack, [
      sora2api({ access_token: stack.upstream.mint(live) }),
      sora2api({ access_token: stack.upstream.mint(stale, -1_000), refresh_token: 'refresh-of-stale' }),
      sora2api({ access_token: stack.upstream.mint(newAccount(), -1_000) }),
    ]);
    expect(verdictsOf(batch)).toEqual(['added', 'added', 'invalid']);
    expect(await rowOf(stale.email)).toMatchObject({ remaining: 30 });
  });
});

describe('a dry run', () => {
  it('foretells the verdict of every row and changes nothing', async () => {
    const [known, fresh] = [newAccount(), newAccount()];
    const row = sora2api({ access_token: stack.upstream.mint(known) });
    await importFile(stack, [row], { mode: 'offline' });
    const freshRow = sora2api({ access_token: stack.upstream.mint(fresh) });
    const batch = await importFile(stack, [row, { ...row, remark: 'new' }, freshRow, freshRow, { remark: 'x' }], {
      ...{ mode: 'access', dryRun: '1' },
    });
    expect(verdictsOf(batch)).toEqual(['unchanged', 'would_update', 'would_add', 'would_update', 'invalid']);
    expect(await rowsOf(fresh.email)).toEqual([]);
    const list = await importFile(stack, 'refresh-of-dry-run', { mode: 'refresh', dryRun: 'true' });
    expect(verdictsOf(list)).toEqual(['would_add']);
    expect(stack.upstream.sentRefreshTokens).not.toContain('refresh-of-dry-run');
  });
});

describe('an upload', () => {
  it('that holds nothing, names an unknown mode or ends too early is refused or told row by row', async () => {
    expect(await upload(stack, ' \n')).toMatchObject({ status: 400, body: { error: { code: 'invalid_request' } } });
    expect(await upload(stack, 'x', { mode: 'sideways' })).toMatchObject({
      status: 400,
      body: { error: { param: 'mode' } },
    });
    const cut = await importFile(
      stack,
      `[${JSON.stringify(sora2api({ access_token: stack.upstream.mint(newAccount()) }))}, {"acc`,
      {
        mode: 'offline',
      },
    );
    expect(verdictsOf(cut)).toEqual(['added', 'invalid']);
  });

  it('leaves no secret behind once its rows have their verdicts', async () => {
    const rows = await stack.database.batchRow.findMany({ where: { payloadSealed: { not: null } } });
    expect(rows).toEqual([]);
  });
});

describe('an export', () => {
  it('imported into an empty installation gives the same accounts', async () => {
    const [account, resting] = [newAccount(), newAccount()];
    await importFile(
      stack,
      [
        sora2api({
          ...{
            access_token: stack.upstream.mint(account),
            session_token: 'st',
            refresh_token: 'rt',
            client_id: 'app_x',
          },
          ...{ proxy_url: 'socks5://me:pass@127.0.0.1:9', remark: 'far', video_enabled: false, video_concurrency: 7 },
        }),
        sora2api({ access_token: stack.upstream.mint(resting), weight: 5, used_by_people: true }),
      ],
      { mode: 'offline' },
    );
    const { id } = await rowOf(resting.email);
    await runBatch(stack, { kind: 'disable', reason: 'it rests for a month', tokenIds: [id] });
    const exported = await exportFile(stack);
    const other = await TestStack.open();
    try {
      // Nobody is asked meanwhile: what the upstream says would be newer than the file.
      other.upstream.failures.set('/backend/me', { status: 503 });
      await other.start({ masterKey: 'another-master-key-0123456789' });
      const batch = await importFile(other, exported, { mode: 'offline' });
      const count = (JSON.parse(exported) as unknown[]).length;
      expect(batch).toMatchObject({ total: count, failed: 0, verdicts: { added: count } });
      const sorted = (text: string) =>
        (JSON.parse(text) as { identity: string }[]).sort((left, right) => (left.identity < right.identity ? -1 : 1));
      expect(sorted(await exportFile(other))).toEqual(sorted(exported));
      const out = { is_active: false, disabled_by: 'operator', disabled_reason: 'it rests for a month' };
      expect(sorted(exported).find(({ identity }) => identity === resting.email)).toMatchObject(out);
      const far = sorted(exported).find(({ identity }) => identity === account.email);
      expect(far).toMatchObject({ proxy_url: 'socks5://me:pass@127.0.0.1:9', remark: 'far', video_concurrency: 7 });
      const again = await importFile(other, exported, { mode: 'offline' });
      expect(again.verdicts).toEqual({ unchanged: count });
    } finally {
      await other.close();
    }
  }, 90_000);

  it('without secrets holds none', async () => {
    const exported = JSON.parse(await exportFile(stack, { secrets: false })) as object[];
    const secrets = { access_token: null, session_token: null, refresh_token: null, proxy_url: null };
    expect(exported.length).toBeGreaterThan(0);
    for (const element of exported) expect(element).toMatchObject(secrets);
  });
});
