/** The poll job: one round for everything of ours that is or may be on one account, then it puts itself off until the next. */
import { type SlotKind, slotKinds } from '@reelay/contracts/domain';
import type { Settings } from '@reelay/contracts/settings';
import { expireAttempts } from '@reelay/db/attempts/expire-attempts';
import { findOpenAttempts, type PolledAttempt, type PolledToken } from '@reelay/db/attempts/find-open-attempts';
import { markLateSentUnknown } from '@reelay/db/attempts/mark-unknown';
import type { JobContext, JobResult } from '@reelay/platform/consume';
import { announce, ringDispatch } from '../announce.js';
import { cancelAbandoned } from '../polling/cancel-abandoned.js';
import { finishedWindow, windowWishMs } from '../polling/finish-rates.js';
import { longestOpenMs } from '../polling/maximum-task-time.js';
import { pollAcked, type RoundFailure, slotKindsOf } from '../polling/poll-acked.js';
import { type OpenWork, pollIntervalMs } from '../polling/poll-interval.js';
import { putOff } from '../polling/put-off.js';
import { isAcked } from '../polling/sort-outcomes.js';
import { reconcileUnknown } from '../reconcile/reconcile-unknown.js';
import { longestSubmitMs } from '../submit/longest-submit.js';
import { type Account, openAccount } from '../upstream/account.js';
import type { WorkerParts } from '../worker-parts.js';

interface Round {
  parts: WorkerParts;
  token: PolledToken;
  settings: Settings;
  context: JobContext;
  /** What is to be come back for. */
  open: OpenWork[];
  failures: (RoundFailure & { account: Account | undefined })[];
  finished: Record<SlotKind, number>;
}

export async function pollToken(
  parts: WorkerParts,
  { tokenId }: { tokenId: string },
  context: JobContext,
): Promise<JobResult> {
  const settings = await parts.settings.read();
  await giveUpSenders(parts, tokenId, settings, context);
  const token = await findOpenAttempts(parts.database, tokenId);
  if (!token || token.attempts.length === 0) return end(parts, tokenId);
  const open: OpenWork[] = token.attempts
    .filter((attempt) => attempt.state === 'sent')
    .map((attempt) => ({ kind: 'sent', leftMs: longestSubmitMs(settings) - attempt.sentAgoMs }));
  const round: Round = { parts, token, settings, context, open, failures: [], finished: { image: 0, video: 0 } };
  for (const attempts of byRoute(token.attempts)) await workThrough(round, attempts);
  await giveUpOverdue(round);
  // What was cut off by the end of this process says nothing about the upstream.
  context.signal.throwIfAborted();
  if (round.failures.length > 0) return putOff(parts, { ...round, tokenId }, context);
  parts.pollFailures.clear(tokenId);
  const againInMs = pollIntervalMs([...open, ...watchWindows(round)], boundsOf(parts, settings));
  return againInMs === undefined ? undefined : { againInMs };
}

/** Every call about a task leaves through the proxy it began with; normally that is the same for all. */
function byRoute(attempts: readonly PolledAttempt[]): PolledAttempt[][] {
  const groups = Map.groupBy(
    attempts.filter((attempt) => attempt.state !== 'sent'),
    (attempt) => attempt.routeKey,
  );
  return [...groups.values()];
}

/** Polling and reconciling fail apart: a list that cannot be read must not keep finished tasks waiting. */
async function workThrough(round: Round, attempts: readonly PolledAttempt[]): Promise<void> {
  const account = await open(round, attempts);
  if (!account) return;
  const { parts, token, settings, context } = round;
  const opened = { parts, account, settings, context };
  const guard = async (concerned: readonly PolledAttempt[], work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      round.failures.push({ error, account, slotKinds: slotKindsOf(concerned) });
    }
  };
  const acked = attempts.filter(isAcked);
  if (acked.length > 0) {
    await guard(acked, async () => {
      await cancelAbandoned(opened, acked);
      const polled = await pollAcked(opened, acked);
      round.open.push(...polled.open);
      round.failures.push(...polled.failures.map((failure) => ({ ...failure, account })));
      for (const slotKind of slotKinds) round.finished[slotKind] += polled.finished[slotKind];
    });
  }
  for (const attempt of attempts.filter(({ state }) => state === 'unknown')) {
    await guard([attempt], async () => {
      round.open.push(...(await reconcileUnknown({ ...opened, token, attempt })));
    });
  }
}

async function open(
  { parts, token, failures }: Round,
  attempts: readonly PolledAttempt[],
): Promise<Account | undefined> {
  const { id: tokenId, provider, target } = token;
  const [first] = attempts;
  try {
    const route = first && { attemptId: first.id, key: first.routeKey };
    return await openAccount(parts, { tokenId, provider, target, ...(route && { route }) });
  } catch (error) {
    failures.push({ error, account: undefined, slotKinds: slotKindsOf(attempts) });
    return undefined;
  }
}

/** Only what is still open can be lost from the lists. */
function watchWindows({ parts, token, settings, finished }: Round): OpenWork[] {
  return slotKinds.flatMap((slotKind) => {
    const listed = token.attempts.filter((attempt) => attempt.takesTurn && slotKindsOf([attempt])[0] === slotKind);
    if (listed.length === 0) return [];
    const rate = parts.finishRates.note({ tokenId: token.id, slotKind }, finished[slotKind]);
    const window = finishedWindow(token.provider, settings, slotKind);
    const wishMs = windowWishMs(rate, { open: listed.length - finished[slotKind], window });
    return wishMs === undefined ? [] : [{ kind: 'window', wishMs }];
  });
}

async function giveUpSenders(
  parts: WorkerParts,
  tokenId: string,
  settings: Settings,
  { log }: JobContext,
): Promise<void> {
  for (const late of await markLateSentUnknown(parts.database, tokenId, longestSubmitMs(settings))) {
    log.warn({ ...late, tokenId }, 'sender is gone, outcome of the submit is unknown');
  }
}

/** After the polling, so that what has finished at last is not given up. */
async function giveUpOverdue({ parts, token, settings, context }: Round): Promise<void> {
  const overdue = token.attempts.filter((attempt) => {
    const { kind, workflow } = attempt.generation;
    const { state, takesTurn, sentAgoMs } = attempt;
    return sentAgoMs >= longestOpenMs(settings, { kind, workflow, state, takesTurn });
  });
  const expired = await expireAttempts(parts.database, overdue);
  for (const { attemptId, generationId, event } of expired) {
    context.log.error({ attemptId, generationId, tokenId: token.id }, 'task took longer than allowed, given up');
    await announce(parts, [event]);
  }
  if (expired.length > 0) await ringDispatch(parts);
}

function end(parts: WorkerParts, tokenId: string): undefined {
  parts.pollFailures.clear(tokenId);
}

function boundsOf(parts: WorkerParts, settings: Settings) {
  return { minimumMs: settings['poll.minimumMs'], maximumMs: settings['poll.maximumMs'], random: parts.random };
}
