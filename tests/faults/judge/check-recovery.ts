/** I12 and I13: how soon what was held up moves on, and whether it does so fairly. */
import type { Violation } from './check-history.js';
import type { History, Sample } from './history.js';

export interface Recovery {
  fault: string;
  /** From the end of the fault until everything that was open then has moved. */
  tookMs: number;
}

export function checkRecovery(history: History): Violation[] {
  return [...unseen(history), ...held(history), ...backlog(history), ...unresolved(history), ...shares(history)];
}

/** What nobody looked at cannot be judged, and must not count as good. */
function unseen({ samples, final, faults }: History): Violation[] {
  const lastFaultAt = Math.max(0, ...faults.map(({ to }) => to));
  const ends = final.generations.flatMap(({ completedAt }) => completedAt ?? []);
  const isSeen = samples.some(({ at }) => at >= lastFaultAt);
  if (isSeen || !ends.some((at) => at > lastFaultAt + unseenMs)) return [];
  return [{ invariant: 'I12', what: 'work ended after the last fault, and nobody looked at it' }];
}

/** Longer than this no look may take. */
const unseenMs = 10_000;

/** Open work that has not moved for too long after the last fault. */
function held(history: History): Violation[] {
  const { samples, limits } = history;
  const lastFaultAt = Math.max(0, ...history.faults.map(({ to }) => to));
  const after = samples.filter(({ at }) => at >= lastFaultAt);
  const [first] = after;
  if (!first) return [];
  return first.attempts
    .filter(({ state }) => state === 'intent' || state === 'acked')
    .filter(({ id }) => (movedAt(after, id) ?? history.final.at) - lastFaultAt > limits.moveMs)
    .map(({ generationId, state }) => ({
      invariant: 'I12',
      what: `stood still as ${state} after the last fault`,
      generationId,
    }));
}

/** Something waits, and nothing is begun. What holds every slot until its outcome is known has T and the settling beside it. */
function backlog({ samples, limits, final, faults }: History): Violation[] {
  const lastFaultAt = Math.max(0, ...faults.map(({ to }) => to));
  const [first, ...later] = samples.filter(({ at }) => at >= lastFaultAt);
  if (!first || first.waiting === 0) return [];
  const known = new Set(first.attempts.map(({ id }) => id));
  const begun = later.find(({ attempts, waiting }) => waiting === 0 || attempts.some(({ id }) => !known.has(id)));
  const isHeld = first.attempts.some(({ state }) => state === 'sent' || state === 'unknown');
  const allowedMs = limits.moveMs + (isHeld ? reconciledMs(limits) : 0);
  if ((begun?.at ?? final.at) - lastFaultAt <= allowedMs) return [];
  return [{ invariant: 'I12', what: `${first.waiting} waited after the last fault, and nothing was begun` }];
}

function reconciledMs({ submitTimeoutMs, freshnessMs, settleMs }: History['limits']): number {
  return submitTimeoutMs + 2 * freshnessMs + settleMs;
}

/** Those whose outcome was not known have T and the settling beside it. */
function unresolved({ samples, limits, final, faults }: History): Violation[] {
  const lastFaultAt = Math.max(0, ...faults.map(({ to }) => to));
  const allowedMs = reconciledMs(limits) + limits.moveMs;
  const after = samples.filter(({ at }) => at >= lastFaultAt);
  return (after[0]?.attempts ?? [])
    .filter(({ state }) => state === 'sent' || state === 'unknown')
    .filter(
      ({ id }) =>
        (after.find(
          ({ attempts }) => !attempts.some((one) => one.id === id && (one.state === 'sent' || one.state === 'unknown')),
        )?.at ?? final.at) -
          lastFaultAt >
        allowedMs,
    )
    .map(({ generationId, state }) => ({
      invariant: 'I12',
      what: `stayed ${state} after the last fault`,
      generationId,
    }));
}

/** The first sample in which the attempt is another than in the first one, or gone. */
function movedAt(samples: readonly Sample[], id: string): number | undefined {
  const key = (sample: Sample) => {
    const found = sample.attempts.find((attempt) => attempt.id === id);
    return found && `${found.state} ${found.seq}`;
  };
  const [first] = samples;
  if (!first) return undefined;
  const before = key(first);
  return samples.find((sample) => key(sample) !== before)?.at;
}

/** For the report. Attempts that were sent or unknown at the end of the fault are left out: they must wait for their outcome. */
export function recoveries({ faults, samples }: History): Recovery[] {
  return faults.flatMap(({ name, to }) => {
    const after = samples.filter(({ at }) => at >= to);
    const open = after[0]?.attempts.filter(({ state }) => state === 'intent' || state === 'acked') ?? [];
    const moved = open.map(({ id }) => movedAt(after, id));
    if (open.length === 0 || moved.some((at) => at === undefined)) return [];
    return [{ fault: name, tookMs: Math.max(...moved.map((at) => (at ?? to) - to)) }];
  });
}

const leastShare = 0.45;
/** What was accepted a moment ago cannot have been seen by the round that is under way. */
const noticeMs = 500;

function shares({ accepts, final, limits }: History): Violation[] {
  const firstStart = new Map<string, number>();
  for (const { generationId, createdAt } of final.attempts) {
    firstStart.set(generationId, Math.min(createdAt, firstStart.get(generationId) ?? Number.POSITIVE_INFINITY));
  }
  const owners = [...new Set(accepts.map(({ owner }) => owner))];
  const rows = final.generations.flatMap(({ id, owner, createdAt }) => {
    const startedAt = firstStart.get(id);
    return startedAt === undefined ? [] : [{ owner, createdAt, startedAt }];
  });
  const waits = (owner: string, at: number) =>
    rows.some((row) => row.owner === owner && row.createdAt < at - noticeMs && row.startedAt > at);
  const contended = rows.filter(
    ({ startedAt }) => owners.length > 1 && owners.every((owner) => waits(owner, startedAt)),
  );
  if (contended.length < limits.leastStarts) return [];
  return owners.flatMap((owner): Violation[] => {
    const share = contended.filter((row) => row.owner === owner).length / contended.length;
    // Of two equal ones; of more, in proportion.
    if (share >= (leastShare * 2) / owners.length) return [];
    return [
      {
        invariant: 'I13',
        what: `${owner} got ${Math.round(share * 100)} % of ${contended.length} starts while all waited`,
      },
    ];
  });
}
