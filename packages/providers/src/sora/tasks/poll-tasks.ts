import type { CallContext, Operation, PollOutcome, PollResult } from '@reelay/contracts/provider';
import { isUpstreamError } from '@reelay/contracts/upstream-error';
import { pollCameo } from '../characters/poll-cameo.js';
import { pollCharacter } from '../characters/poll-character.js';
import { type OperationData, readOperationData } from '../operation-data.js';
import { pollImages } from './poll-images.js';
import { pollVideos } from './poll-videos.js';

/** Characters are asked for one by one; so many at once. */
const callsAtOnce = 4;

/**
 * One round for all tasks of a token: a list where there is one, a call each where there is none, and no list that nothing of ours is on.
 * What cannot be asked for keeps nothing else from being heard. @throws UpstreamError when nothing could be read
 */
export async function pollTasks(operations: readonly Operation[], context: CallContext): Promise<PollResult> {
  const outcomes = new Map<string, PollOutcome>();
  const failures: unknown[] = [];
  const work = operations.map((operation) => ({ operation, data: readOperationData(operation) }));
  const idsOf = (type: OperationData['type']) =>
    work.filter(({ data }) => data.type === type).map(({ operation }) => operation.id);
  const note = (error: unknown) => {
    if (!isUpstreamError(error)) throw error;
    failures.push(error);
  };
  const ownCalls = work.filter(({ data }) => data.type !== 'image' && data.type !== 'video');
  await Promise.all([
    pollVideos(idsOf('video'), outcomes, context).catch(note),
    pollImages(idsOf('image'), outcomes, context).catch(note),
    atMost(callsAtOnce, ownCalls, async ({ operation, data }) => {
      const outcome = await pollOne(operation, data, context).catch(note);
      if (outcome) outcomes.set(operation.id, outcome);
    }),
  ]);
  if (outcomes.size === 0 && failures.length > 0) throw gravest(failures);
  return { outcomes, failures };
}

async function pollOne(operation: Operation, data: OperationData, context: CallContext): Promise<PollOutcome> {
  switch (data.type) {
    case 'cameo':
      return pollCameo(operation, data.cameoId, context);
    case 'character':
      return pollCharacter(operation, data, context);
    case 'post':
      return { state: 'next', operation, carried: { postId: data.postId } };
    case 'text':
      return { state: 'done', operation, media: [], text: data.text };
    default:
      return { state: 'pending' };
  }
}

async function atMost<Item>(lanes: number, items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const waiting = items.values();
  // All lanes draw from the same iterator, so each takes the next one as soon as it is free.
  const lane = async () => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane));
}

/** A dead credential is what the caller can do something about. */
function gravest(failures: readonly unknown[]): unknown {
  return (
    failures.find((error) => isUpstreamError(error) && error.tokenEffect.effect === 'credential_rejected') ??
    failures[0]
  );
}
