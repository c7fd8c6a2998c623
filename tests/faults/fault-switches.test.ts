/**
 * Every fault the simulator can play, once: what the client sees, what happens to the account, and what the upstream accepted. There is
 * one account, so nothing is made good by another.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { waitFor } from '@reelay/testing/wait-for';
import { ask, type ChatOutcome } from '../support/chat.js';
import { dataUri, sampleImage } from '../support/samples.js';
import { root, Stack } from '../support/stack.js';
import { type TokenHistory, watchToken } from '../support/token-history.js';

/** Proportions of the real times, scaled to a render of 0.3 s. */
const scaled = {
  'poll.minimumMs': 100,
  'poll.maximumMs': 500,
  'submit.retryMinimumMs': 100,
  'submit.retryMaximumMs': 400,
  'submit.timeoutMs': 1_200,
  'token.coolDownMs': 600,
  'reconcile.settleMs': 900,
  'reconcile.listGapMs': 700,
  'render.maximumMs': 5_000,
  'render.imageMaximumMs': 5_000,
  'finish.retryMs': 100,
  'finish.attempts': 3,
  'timer.repairMs': 500,
  'timer.assignMs': 100,
} as const;

interface Fault {
  kind: string;
  endpoint?: string;
  count?: number;
  delayMs?: number;
  lagMs?: number;
  reason?: string;
}

type Ask = 'video' | 'image' | 'image to video' | 'character';
/** `rests`: takes no work for a while. `renewed`: has a new access token. `needs_attention`: a person must look. */
type Effect = 'untouched' | 'rests' | 'renewed' | 'needs_attention';

interface Case {
  faults: Fault[];
  ask?: Ask;
  /** Code of the error; left out where the generation succeeds all the same. */
  sees?: string;
  token: Effect;
  /** Submits that the upstream accepted for it; 1 unless it says otherwise. */
  accepted?: number;
}

const once = (kind: string, endpoint?: string, more: Partial<Fault> = {}): Fault => ({
  kind,
  ...(endpoint && { endpoint }),
  count: 1,
  ...more,
});
const noSession = once('session_null', 'session', { count: 50 });
const deadToken = once('token_invalidated', 'create');

const cases: Record<string, Case> = {
  slow: { faults: [once('slow', 'create', { delayMs: 400 })], token: 'untouched' },
  overload: { faults: [once('overload', 'create')], token: 'untouched' },
  token_invalidated: { faults: [deadToken], token: 'renewed' },
  token_expired: { faults: [once('token_expired', 'create')], token: 'renewed' },
  unauthorized: { faults: [once('unauthorized', 'create')], token: 'renewed' },
  'unauthorized while polling': { faults: [once('unauthorized', 'pending')], token: 'renewed' },
  rate_limited: { faults: [once('rate_limited', 'create')], token: 'rests' },
  cloudflare_403: { faults: [once('cloudflare_403', 'create')], token: 'rests' },
  cloudflare_429: { faults: [once('cloudflare_429', 'create')], token: 'rests' },
  'cloudflare at the proof': { faults: [once('cloudflare_403', 'sentinel')], token: 'rests' },
  country_block: { faults: [once('country_block', 'create')], token: 'rests' },
  server_error: { faults: [once('server_error', 'create')], token: 'untouched' },
  'server_error in every part but the submit': {
    faults: ['sentinel', 'uploads', 'pending', 'drafts', 'media'].map((endpoint) => once('server_error', endpoint)),
    ask: 'image to video',
    token: 'untouched',
  },
  error_as_string: {
    faults: [once('error_as_string', 'create')],
    sees: 'upstream_refused',
    token: 'untouched',
    accepted: 0,
  },
  error_null: { faults: [once('error_null', 'create')], sees: 'upstream_refused', token: 'untouched', accepted: 0 },
  empty_200: { faults: [once('empty_200', 'create')], token: 'untouched' },
  not_json_200: { faults: [once('not_json_200', 'create')], token: 'untouched' },
  reset: { faults: [once('reset', 'create')], token: 'untouched' },
  session_empty: { faults: [deadToken, once('session_empty', 'session')], token: 'renewed' },
  session_null: { faults: [deadToken, once('session_null', 'session')], token: 'renewed' },
  refresh_rotated: { faults: [deadToken, noSession, once('refresh_rotated', 'oauth')], token: 'renewed' },
  refresh_token_missing: { faults: [deadToken, noSession, once('refresh_token_missing', 'oauth')], token: 'renewed' },
  refresh_reuse_rejected: {
    faults: [{ ...deadToken, count: 5 }, noSession, once('refresh_reuse_rejected', 'oauth', { count: 5 })],
    sees: 'waits',
    token: 'needs_attention',
    accepted: 0,
  },
  username_taken: { faults: [once('username_taken', 'finalize')], ask: 'character', token: 'untouched' },
  quota_exhausted: { faults: [once('quota_exhausted', 'create')], token: 'rests' },
  list_lag: { faults: [once('list_lag', undefined, { count: 30, lagMs: 500 })], token: 'untouched' },
  violation: {
    faults: [once('violation', 'create', { reason: 'too similar' })],
    sees: 'content_policy_violation',
    token: 'untouched',
  },
  missing_urls: { faults: [once('missing_urls', 'create')], sees: 'content_policy_violation', token: 'untouched' },
  vanishing: { faults: [once('vanishing', 'create')], sees: 'upstream_timeout', token: 'untouched' },
  unlisted: { faults: [once('unlisted', 'create')], sees: 'upstream_timeout', token: 'untouched' },
  image_failed: {
    faults: [once('image_failed', 'video_gen', { reason: 'no paint left' })],
    ask: 'image',
    sees: 'upstream_failed',
    token: 'untouched',
  },
  image_without_url: {
    faults: [once('image_without_url', 'video_gen')],
    ask: 'image',
    sees: 'upstream_timeout',
    token: 'untouched',
  },
  character_failed: {
    faults: [once('character_failed', 'character_upload', { reason: 'no face in it' })],
    ask: 'character',
    sees: 'character_failed',
    token: 'untouched',
  },
  pending_object: { faults: [once('pending_object', 'pending', { count: 3 })], token: 'untouched' },
  progress_null: { faults: [once('progress_null', 'pending', { count: 30 })], token: 'untouched' },
  'progress_null of an image': {
    faults: [once('progress_null', 'recent_tasks', { count: 3 })],
    ask: 'image',
    token: 'untouched',
  },
  progress_missing: { faults: [once('progress_missing', 'pending', { count: 30 })], token: 'untouched' },
  reply_lost: { faults: [once('reply_lost', 'create')], token: 'untouched' },
  'reply_lost of an image': { faults: [once('reply_lost', 'video_gen')], ask: 'image', token: 'untouched' },
  'reply_lost of a finalized character': {
    faults: [once('reply_lost', 'finalize')],
    ask: 'character',
    token: 'untouched',
  },
  reply_hangs: { faults: [once('reply_hangs', 'create')], token: 'untouched' },
};

let stack: Stack;
let tokenId: string;
let imageUri: string;
let videoUri: string;
beforeAll(async () => {
  stack = await Stack.start({ renderMs: 300, settings: scaled });
  await stack.simulator('speed', { queueMs: 100, gapMs: 100 });
  await stack.sql(`UPDATE token SET state = 'disabled' WHERE identity <> 'pro@simulator.test'`);
  const [token] = await stack.sql<{ id: string }>(`SELECT id FROM token WHERE state = 'active'`);
  tokenId = token?.id ?? '';
  imageUri = dataUri('image/png', await sampleImage('png'));
  const made = await ask(stack, 'sora2-landscape-10s', 'a face');
  const video = await fetch(/<video src='([^']+)'/.exec(made.content)?.[1] ?? '');
  videoUri = dataUri('video/mp4', Buffer.from(await video.arrayBuffer()));
}, 180_000);
afterAll(() => stack?.stop());

test('every fault of the simulator that a generation can meet has a case here', () => {
  const readme = readFileSync(path.join(root, 'apps/simulator/README.md'), 'utf8');
  const table = readme.slice(readme.indexOf('\n## Faults'), readme.indexOf('\n## Markers'));
  const kinds = [...table.matchAll(/^\| (`.+?`) \|/gm)].flatMap(([, cell = '']) => cell.match(/\w+/g) ?? []);
  expect(kinds.length).toBeGreaterThan(30);
  const played = new Set(Object.values(cases).flatMap(({ faults }) => faults.map(({ kind }) => kind)));
  // It is met when an account is added: see tests/integration/sora-provider.test.ts.
  expect(kinds.filter((kind) => !played.has(kind))).toEqual(['invite_unauthorized']);
});

test.each(Object.entries(cases))(
  '%s',
  async (name, { faults, ask: what = 'video', sees, token, accepted = 1 }) => {
    await bringInOrder();
    await stack.simulator('faults', faults);
    const watch = await watchToken(stack, tokenId);
    const outcome = await request(what, `under the fault ${name}`, sees === 'waits');
    const history = await watch.end();
    await fetch(`${stack.run.simulatorUrl}/_sim/faults`, { method: 'DELETE' });

    if (sees === 'waits') expect(outcome).toBeUndefined();
    else if (sees) expect(outcome?.error).toMatchObject({ code: sees });
    else expect(outcome).toMatchObject({ error: undefined, finishReason: 'stop' });
    expect(effectOf(history)).toBe(token);
    if (what !== 'character') expect(await stack.submitsOf(`under the fault ${name}`)).toHaveLength(accepted);
  },
  60_000,
);

test('the slots are free afterwards, and nothing was left upstream', async () => {
  const [left] = await stack.sql(`
    SELECT (SELECT count(*)::int FROM token_slot) AS slots,
      (SELECT count(*)::int FROM submit_attempt WHERE closed_at IS NULL) AS attempts,
      (SELECT count(*)::int FROM upstream_litter WHERE done_at IS NULL AND kind <> 'late_answer') AS litter`);
  expect(left).toEqual({ slots: 0, attempts: 0, litter: 0 });
});

function contentOf(what: Ask, prompt: string): unknown {
  if (what === 'character') return [{ type: 'video_url', video_url: { url: videoUri } }];
  if (what !== 'image to video') return prompt;
  return [
    { type: 'text', text: prompt },
    { type: 'image_url', image_url: { url: imageUri } },
  ];
}

/** Undefined when it waits for a person, who must look at the account first. */
async function request(what: Ask, prompt: string, mustWait: boolean): Promise<ChatOutcome | undefined> {
  const model = what === 'image' ? 'gpt-image' : 'sora2-landscape-10s';
  const outcome = ask(stack, model, contentOf(what, prompt));
  if (!mustWait) return outcome;
  const needsAttention = async () =>
    (await stack.sql(`SELECT FROM token WHERE id = $1 AND state = 'needs_attention'`, [tokenId])).length > 0;
  return Promise.race([outcome, waitFor(needsAttention, { timeoutMs: 45_000 }).then(() => undefined)]);
}

/** As a person would after having looked: what waits is given up, and the account works again. */
async function bringInOrder(): Promise<void> {
  await stack.sql(`UPDATE generation SET deadline_at = now() WHERE state = 'queued'`);
  await stack.sql(
    `UPDATE token SET state = 'active', state_reason = NULL, image_cooling_until = NULL, video_cooling_until = NULL WHERE id = $1`,
    [tokenId],
  );
  // Nobody was told: until the pool is looked at again, requests are refused as if the account were still out.
  const stillOut = () => stack.sql('SELECT FROM lane_state WHERE tokens > 0 AND serving = 0');
  await waitFor(async () => (await stillOut()).length === 0, {
    timeoutMs: 30_000,
    describe: 'the account to serve again',
  });
}

function effectOf({ states, rested, versions }: TokenHistory): Effect {
  if (states.includes('needs_attention')) return 'needs_attention';
  if (rested) return 'rests';
  return versions > 1 ? 'renewed' : 'untouched';
}
