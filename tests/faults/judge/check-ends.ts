/** I1, I3, I7 and the media: what has become of every accepted generation. */
import type { Violation } from './check-history.js';
import { type Final, type History, isEnd, isTerminal } from './history.js';

/** What was deleted is not judged: nothing of it need be left. */
export function checkEnds(whole: History): Violation[] {
  const history = withoutDeleted(whole);
  return [
    ...lost(history),
    ...history.final.generations.flatMap((one) => checkEnd(history, one)),
    ...usage(history),
    ...media(history),
  ];
}

function withoutDeleted(history: History): History {
  const deleted = new Set(history.deletes.map(({ generationId }) => generationId));
  const isLeft = ({ generationId }: { generationId: string }) => !deleted.has(generationId);
  const { final } = history;
  return {
    ...history,
    accepts: history.accepts.filter(isLeft),
    media: history.media.filter(isLeft),
    final: {
      ...final,
      generations: final.generations.filter(({ id }) => !deleted.has(id)),
      assets: final.assets.filter(isLeft),
    },
  };
}

function lost({ accepts, final }: History): Violation[] {
  const known = new Set(final.generations.map(({ id }) => id));
  const missing = new Set(accepts.map(({ generationId }) => generationId).filter((id) => !known.has(id)));
  return [...missing].map((generationId) => ({ invariant: 'I1', what: 'was accepted and is in no row', generationId }));
}

function checkEnd({ final, limits }: History, generation: Final['generations'][number]): Violation[] {
  const { id: generationId, state, deadlineAt, completedAt } = generation;
  const violation = (what: string): Violation => ({ invariant: 'I3', what, generationId });
  const ends = final.events.filter((event) => event.generationId === generationId && isEnd(event.type));
  const found: Violation[] = [];
  if (!isTerminal(state) && final.at > deadlineAt + limits.lateMs)
    found.push(violation(`is ${state} long after its deadline`));
  else if (!isTerminal(state)) found.push(violation(`is still ${state} when nothing is left to be done`));
  if (isTerminal(state) && ends.length !== 1) found.push(violation(`has ${ends.length} terminal events`));
  if (!isTerminal(state) && ends.length > 0) found.push(violation(`has a terminal event and is ${state}`));
  if (ends.length === 1 && ends[0]?.type !== `generation.${state}`)
    found.push(violation(`is ${state}, its event says ${ends[0]?.type}`));
  // Nothing here makes an outcome that elimination could not find out.
  if (generation.errorCode === 'upstream_outcome_unknown')
    found.push(violation('ended without knowing what became of its submit'));
  if (completedAt !== null && completedAt > deadlineAt + limits.lateMs)
    found.push(violation('ended too long after its deadline'));
  return found;
}

function usage({ final }: History): Violation[] {
  const rows = Map.groupBy(final.usage, ({ generationId }) => generationId);
  const attempts = Map.groupBy(final.attempts, ({ generationId }) => generationId);
  return final.generations.flatMap(({ id: generationId, state }): Violation[] => {
    const own = rows.get(generationId) ?? [];
    const violation = (what: string): Violation[] => [{ invariant: 'I7', what, generationId }];
    if (own.length !== 1) return violation(`has ${own.length} rows of usage`);
    const booked = own[0]?.state;
    if (state === 'succeeded' && booked !== 'booked') return violation(`succeeded, and its usage is ${booked}`);
    if (isTerminal(state) && booked === 'reserved') return violation(`is ${state}, and its usage is still reserved`);
    if (booked === 'booked' && (attempts.get(generationId) ?? []).every((attempt) => wasNeverAccepted(attempt.state)))
      return violation('is booked, though no submit of it was ever accepted');
    return [];
  });
}

function wasNeverAccepted(attemptState: string): boolean {
  return ['intent', 'not_sent', 'refused', 'absent'].includes(attemptState);
}

/** Complete or absent, never partial. */
function media({ final, media: fetched }: History): Violation[] {
  const files = new Map(final.files.map((file) => [file.storageKey, file]));
  const assets = final.assets.filter(({ role }) => role === 'result');
  const found = assets.flatMap(({ generationId, storageKey, sizeBytes, sha256 }): Violation[] => {
    const file = files.get(storageKey);
    if (!file) return [{ invariant: 'media', what: 'its file is missing', generationId }];
    if (file.sizeBytes === sizeBytes && file.sha256 === sha256) return [];
    return [{ invariant: 'media', what: 'its file is not the one that was noted', generationId }];
  });
  const noted = Map.groupBy(assets, ({ generationId }) => generationId);
  for (const { generationId, sha256 } of fetched) {
    if ((noted.get(generationId) ?? []).some((asset) => asset.sha256 === sha256)) continue;
    found.push({ invariant: 'media', what: 'a client was given other bytes than those that were noted', generationId });
  }
  for (const { id: generationId, state } of final.generations) {
    if (state !== 'cancelled' || !noted.has(generationId)) continue;
    found.push({ invariant: 'media', what: 'was cancelled, and its media were kept', generationId });
  }
  for (const { id: generationId, state, kind } of final.generations) {
    if (state !== 'succeeded' || !['image', 'video'].includes(kind) || noted.has(generationId)) continue;
    found.push({ invariant: 'media', what: 'succeeded without a file', generationId });
  }
  return found;
}
