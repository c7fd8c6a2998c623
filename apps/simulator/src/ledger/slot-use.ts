import type { Character } from '../characters/character.js';
import { finishedAt } from '../tasks/life-cycle.js';
import { isImage, type Task } from '../tasks/task.js';
import { type Concurrency, concurrencyOf, type Span } from './concurrency.js';

/** What accounts are limited by: remixes, storyboards and extensions are videos. */
export const slotKinds = ['image', 'video', 'character'] as const;
export type SlotKind = (typeof slotKinds)[number];

export interface SlotUse extends Span {
  readonly account: string;
  readonly kind: SlotKind;
}

/** Of all kinds together, and of each. */
export type AccountConcurrency = Concurrency & Readonly<Record<SlotKind, Concurrency>>;

/** A task takes up room from its submit until it is over, a character until the upstream has looked at its video. */
export function slotUses(tasks: readonly Task[], characters: readonly Character[]): SlotUse[] {
  return [
    ...tasks.map((task) => {
      const kind: SlotKind = isImage(task) ? 'image' : 'video';
      return { account: task.account, kind, from: task.createdAt, to: finishedAt(task) };
    }),
    ...characters.map(({ account, createdAt, readyAt }) => {
      return { account, kind: 'character' as const, from: createdAt, to: readyAt };
    }),
  ];
}

export function concurrencyByAccount(uses: readonly SlotUse[], now: number): Record<string, AccountConcurrency> {
  const byAccount = Map.groupBy(uses, ({ account }) => account);
  return Object.fromEntries([...byAccount].map(([account, own]) => [account, concurrencyOfAccount(own, now)]));
}

function concurrencyOfAccount(uses: readonly SlotUse[], now: number): AccountConcurrency {
  const of = (wanted: SlotKind) =>
    concurrencyOf(
      uses.filter(({ kind }) => kind === wanted),
      now,
    );
  return { ...concurrencyOf(uses, now), image: of('image'), video: of('video'), character: of('character') };
}
