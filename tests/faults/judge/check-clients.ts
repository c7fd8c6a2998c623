/** I5, I6 and I9: what clients were told. */
import type { Violation } from './check-history.js';
import { type History, isEnd, isTerminal, type Stream, type View } from './history.js';

export function checkClients(history: History): Violation[] {
  return [
    ...rows(history),
    ...views(history),
    ...history.streams.flatMap((stream) => checkStream(history, stream)),
    ...cancelled(history),
    ...keys(history),
    ...owners(history),
  ];
}

function rows({ final, deletes }: History): Violation[] {
  const deleted = new Set(deletes.map(({ generationId }) => generationId));
  const events = Map.groupBy(final.events, ({ generationId }) => generationId);
  return final.generations.flatMap(({ id: generationId, seq }): Violation[] => {
    if (deleted.has(generationId)) return [];
    const own = (events.get(generationId) ?? []).sort((a, b) => a.seq - b.seq);
    const violation = (what: string): Violation => ({ invariant: 'I5', what, generationId });
    const found: Violation[] = [];
    if (own.some((event, index) => event.seq !== index + 1))
      found.push(violation('its events are not numbered without a gap'));
    if (own.length !== seq) found.push(violation(`has ${own.length} events and says ${seq}`));
    const end = own.findIndex(({ type }) => isEnd(type));
    if (end >= 0 && end !== own.length - 1) found.push(violation('something follows its end'));
    if (falls(own.flatMap(({ progress }) => progress ?? []))) found.push(violation('its progress falls'));
    return found;
  });
}

/** Each client polls one generation, one answer after the other. */
function views({ views }: History): Violation[] {
  return [...Map.groupBy(views, ({ generationId }) => generationId)].flatMap(([generationId, own]) => {
    const violation = (what: string): Violation => ({ invariant: 'I5', what, generationId });
    const found: Violation[] = [];
    if (falls(own.map(({ seq }) => seq))) found.push(violation('a client saw its seq fall'));
    if (falls(own.map(({ progress }) => progress))) found.push(violation('a client saw its progress fall'));
    return [...found, ...lasting(own, violation)];
  });
}

function lasting(own: readonly View[], violation: (what: string) => Violation): Violation[] {
  const first = own.find(({ state }) => isTerminal(state));
  if (!first) return [];
  const after = own.slice(own.indexOf(first)).find(({ state }) => state !== first.state);
  return after ? [{ ...violation(`a client saw it ${first.state}, then ${after.state}`), invariant: 'I3' }] : [];
}

function checkStream({ final }: History, { generationId, frames, isWhole }: Stream): Violation[] {
  const violation = (what: string): Violation => ({ invariant: 'I5', what, generationId });
  const found: Violation[] = [];
  const seqs = frames.map(({ seq }) => seq);
  if (seqs.some((seq, index) => index > 0 && seq <= (seqs[index - 1] ?? 0)))
    found.push(violation('a stream went back or repeated itself'));
  // Progress may be left out for a reader that is far behind; these few bytes fit into any buffer, so none of these readers ever is.
  if (seqs.some((seq, index) => seq > (seqs[index - 1] ?? 0) + 1)) found.push(violation('a stream has a gap'));
  if (falls(frames.flatMap(({ progress }) => progress ?? []))) found.push(violation('progress falls in a stream'));
  const ends = frames.filter(({ type }) => isEnd(type));
  if (ends.length > 1) found.push(violation(`a stream ended ${ends.length} times`));
  if (!isWhole) return found;
  if (ends.length === 0) found.push(violation('a stream closed without its end'));
  const told = new Set(seqs);
  const missing = final.events.filter((event) => event.generationId === generationId && !told.has(event.seq));
  if (missing.length > 0) found.push(violation(`a stream has left out ${missing.map(({ type }) => type).join(', ')}`));
  return found;
}

function falls(values: readonly number[]): boolean {
  return values.some((value, index) => index > 0 && value < (values[index - 1] ?? 0));
}

function keys({ accepts, final }: History): Violation[] {
  const found = [...Map.groupBy(accepts, ({ owner, idempotencyKey }) => `${owner} ${idempotencyKey}`).values()].flatMap(
    (own): Violation[] => {
      const ids = new Set(own.map(({ generationId }) => generationId));
      if (ids.size === 1) return [];
      return [
        {
          invariant: 'I6',
          what: `one Idempotency-Key gave ${[...ids].join(', ')}`,
          generationId: own[0]?.generationId ?? '',
        },
      ];
    },
  );
  const asked = new Set(accepts.map(({ idempotencyKey }) => idempotencyKey)).size;
  // Every request of a run had a key: a row that no key led to is a second one for some request, or one whose client never got an answer.
  const answered = new Set(accepts.map(({ generationId }) => generationId));
  const extra = final.generations.filter(({ id }) => !answered.has(id));
  if (answered.size > asked) found.push({ invariant: 'I6', what: `${asked} keys gave ${answered.size} generations` });
  return extra.length === 0
    ? found
    : [
        ...found,
        ...extra.map(({ id }): Violation => ({ invariant: 'I6', what: 'no request led to it', generationId: id })),
      ];
}

/** Whoever was told that it is over is not told otherwise afterwards. */
function cancelled({ cancels, final }: History): Violation[] {
  const states = new Map(final.generations.map(({ id, state }) => [id, state]));
  return cancels.flatMap(({ generationId, state }): Violation[] => {
    const now = states.get(generationId);
    if (isTerminal(state) && (now === undefined || now === state)) return [];
    return [{ invariant: 'I3', what: `its cancel was answered ${state}, and it is ${now}`, generationId }];
  });
}

function owners({ trespasses }: History): Violation[] {
  return trespasses
    .filter(({ status }) => status < 400)
    .map(({ generationId, owner }) => ({
      invariant: 'I9',
      what: `${owner} was shown it, who does not own it`,
      generationId,
    }));
}
