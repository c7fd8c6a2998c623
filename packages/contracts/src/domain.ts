/** States of generations and attempts, and the only transitions they may make. Pure; the database's triggers hold the same rules. */

export const generationKinds = ['image', 'video', 'character', 'enhance'] as const;
export type GenerationKind = (typeof generationKinds)[number];

/** Kinds of upstream concurrency: a character takes a video slot, prompt enhancement none. */
export const slotKinds = ['image', 'video'] as const;
export type SlotKind = (typeof slotKinds)[number];

export function slotKindOf(kind: GenerationKind): SlotKind | undefined {
  if (kind === 'enhance') return undefined;
  return kind === 'image' ? 'image' : 'video';
}

/** `queued` until a submit is acknowledged, `running` after it, then exactly one of the three ends. */
export const generationStates = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export type GenerationState = (typeof generationStates)[number];
export type TerminalState = 'succeeded' | 'failed' | 'cancelled';

export const terminalStates: readonly TerminalState[] = ['succeeded', 'failed', 'cancelled'];

export function isTerminal(state: GenerationState): state is TerminalState {
  return (terminalStates as readonly string[]).includes(state);
}

/** Finer than the state, for people: where in the way of the data a generation stands. */
export const stages = ['waiting', 'preparing', 'submitting', 'rendering', 'fetching', 'ended'] as const;
export type Stage = (typeof stages)[number];

const stageState: Record<Stage, readonly GenerationState[]> = {
  waiting: ['queued'],
  preparing: ['queued'],
  submitting: ['queued'],
  rendering: ['running'],
  fetching: ['running'],
  ended: terminalStates,
};

export function isStageOf(stage: Stage, state: GenerationState): boolean {
  return stageState[stage].includes(state);
}

/**
 * States of the submit journal. Open: intent, sent, acked, unknown (they hold the slot). Closed: the rest.
 * `lost` after `unknown` is the one closed state whose slot row stays (until `free_at`).
 */
export const attemptStates = [
  'intent',
  'sent',
  'acked',
  'unknown',
  'ended',
  'refused',
  'not_sent',
  'absent',
  'lost',
] as const;
export type AttemptState = (typeof attemptStates)[number];

export const openAttemptStates = ['intent', 'sent', 'acked', 'unknown'] as const satisfies readonly AttemptState[];

const attemptTransitions: Record<AttemptState, readonly AttemptState[]> = {
  intent: ['sent', 'not_sent', 'refused'],
  sent: ['acked', 'refused', 'not_sent', 'unknown'],
  unknown: ['acked', 'absent', 'lost'],
  acked: ['ended', 'lost'],
  ended: [],
  refused: [],
  not_sent: [],
  absent: [],
  lost: [],
};

export function isAttemptOpen(state: AttemptState): boolean {
  return (openAttemptStates as readonly string[]).includes(state);
}

export function mayAttemptBecome(from: AttemptState, to: AttemptState): boolean {
  return attemptTransitions[from].includes(to);
}

/** Progress never falls, is a whole number, and reaches 100 only with success. */
export function nextProgress(previous: number, reported: number): number {
  if (!Number.isFinite(reported)) return previous;
  return Math.max(previous, Math.min(99, Math.max(0, Math.floor(reported))));
}
