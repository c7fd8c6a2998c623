/** I2, I4 and I10: what the upstream saw. Its ledger is the judge, not our database. */
import type { Violation } from './check-history.js';
import type { History, Ledger } from './history.js';

export function checkAccounts(history: History): Violation[] {
  return [
    ...submits(history),
    ...mixedUp(history),
    ...hasty(history),
    ...concurrency(history),
    ...slots(history),
    ...refreshes(history),
  ];
}

/** Prompts of a run are unique, and its work has one step. */
function submits({ accepts, ledger, final }: History): Violation[] {
  const byPrompt = Map.groupBy(ledger.submits, ({ prompt }) => prompt);
  const known = new Map(accepts.map(({ prompt, generationId }) => [prompt, generationId]));
  const states = new Map(final.generations.map(({ id, state }) => [id, state]));
  const found: Violation[] = [];
  for (const [prompt, own] of byPrompt) {
    const generationId = known.get(prompt);
    const tasks = own.map(({ taskId, account, at }) => `${taskId} on ${account} at ${at}`).join(', ');
    if (own.length > 1)
      found.push({
        invariant: 'I2',
        what: `the upstream accepted ${own.length}: ${tasks}`,
        ...(generationId && { generationId }),
      });
    if (generationId === undefined)
      found.push({ invariant: 'I2', what: `the upstream accepted what nobody asked for: ${tasks}` });
  }
  for (const [prompt, generationId] of known) {
    if (states.get(generationId) === 'succeeded' && !byPrompt.has(prompt))
      found.push({ invariant: 'I2', what: 'succeeded, though the upstream never accepted it', generationId });
  }
  return found;
}

/** An attempt was given the task of another: somebody sees a video that is not his. */
function mixedUp({ accepts, ledger, final }: History): Violation[] {
  const prompts = new Map(accepts.map(({ generationId, prompt }) => [generationId, prompt]));
  const tasks = new Map(ledger.submits.map(({ taskId, prompt }) => [taskId, prompt]));
  return final.attempts.flatMap(({ generationId, operationId }): Violation[] => {
    const asked = prompts.get(generationId);
    const made = operationId === null ? undefined : tasks.get(operationId);
    if (asked === undefined || made === undefined || asked === made) return [];
    return [{ invariant: 'I2', what: `was given the task of "${made}"`, generationId }];
  });
}

/** Database times are of the beginning of a transaction. */
const toleranceMs = 200;

/** Absent is a verdict that costs a second submit: it may fall only after clean listings over the whole settling time, behind T. */
function hasty({ limits, final }: History): Violation[] {
  return final.attempts.flatMap(({ generationId, state, sentAt, closedAt, firstCleanAt }): Violation[] => {
    if (state !== 'absent' || sentAt === null || closedAt === null) return [];
    if (firstCleanAt === null)
      return [{ invariant: 'I2', what: 'was called absent without a clean listing', generationId }];
    const [waitedMs, settledMs] = [firstCleanAt - sentAt, closedAt - firstCleanAt];
    if (waitedMs >= limits.submitTimeoutMs - toleranceMs && settledMs >= limits.settleMs - toleranceMs) return [];
    const what = `was called absent ${Math.round(settledMs)} ms after the first clean listing, that ${Math.round(waitedMs)} ms after sent`;
    return [{ invariant: 'I2', what, generationId }];
  });
}

type Submit = Ledger['submits'][number];

function concurrency({ ledger, final }: History): Violation[] {
  const limits = new Map(final.limits.map((limit) => [limit.account, limit]));
  const slotKind = ({ kind }: Submit) => (kind === 'image' ? 'image' : 'video');
  const groups = Map.groupBy(ledger.submits, (submit) => `${slotKind(submit)} ${submit.account}`);
  return [...groups.values()].flatMap((own): Violation[] => {
    const [first] = own;
    if (!first) return [];
    const kind = slotKind(first);
    const limit = limits.get(first.account)?.[kind];
    if (limit === undefined) return [{ invariant: 'I4', what: `${first.account} is no account of ours` }];
    const { most, at } = mostAtOnce(own);
    return most <= limit
      ? []
      : [{ invariant: 'I4', what: `${first.account} had ${most} ${kind}s at once at ${at}, and may have ${limit}` }];
  });
}

/** Half-open spans: one that ends when another begins does not meet it. */
function mostAtOnce(submits: readonly Submit[]): { most: number; at: number } {
  const steps = submits
    .flatMap(({ at, finishedAt }) => [
      { at, by: 1 },
      { at: finishedAt, by: -1 },
    ])
    .sort((a, b) => a.at - b.at || a.by - b.by);
  let open = 0;
  let most = { most: 0, at: 0 };
  for (const { at, by } of steps) {
    open += by;
    if (open > most.most) most = { most: open, at };
  }
  return most;
}

function slots({ samples, final }: History): Violation[] {
  const found = new Set<string>();
  for (const { attempts, slots } of samples) {
    const holding = new Set(slots.map(({ attemptId }) => attemptId));
    for (const { id, state } of attempts) {
      if (!holding.has(id)) found.add(`attempt ${id} was ${state} and held no slot`);
    }
    for (const { tokenId, kind, slotNo, limit, attemptState, freeAt } of slots) {
      if (slotNo >= limit) found.add(`token ${tokenId} had ${kind} slot ${slotNo}, and may have ${limit}`);
      const isOpen = ['intent', 'sent', 'acked', 'unknown'].includes(attemptState);
      if (!isOpen && freeAt === null)
        found.add(`a slot of token ${tokenId} was held by an attempt that is ${attemptState}`);
    }
  }
  const leaked = final.slots.filter(({ freeAt }) => freeAt === null);
  const open = final.attempts.filter(({ closedAt }) => closedAt === null);
  for (const { attemptId } of leaked) found.add(`the slot of attempt ${attemptId} was never freed`);
  for (const { id, state } of open) found.add(`attempt ${id} is still ${state}`);
  return [...found].map((what) => ({ invariant: 'I4', what }));
}

function refreshes({ ledger }: History): Violation[] {
  if (ledger.reusedRefreshTokens === 0) return [];
  return [{ invariant: 'I10', what: `${ledger.reusedRefreshTokens} refreshes used a refresh token again` }];
}
