import type { PlainVideoBody } from './plain-video.js';
import type { TaskTiming } from './speed.js';

/**
 * How a task ends: `unlisted` is in no list at all, `vanishing` is pending and then gone for good, the others become a draft.
 */
export const outcomes = ['video', 'violation', 'missing_urls', 'vanishing', 'unlisted'] as const;
export type Outcome = (typeof outcomes)[number];

/** An accepted submit. Nothing in it ever changes: what it is doing now follows from it and the clock. */
export interface VideoTask {
  readonly id: string;
  readonly generationId: string;
  /** E-mail address. */
  readonly account: string;
  readonly createdAt: number;
  /** `person` for tasks that the control API made, as if the account's owner had used the app. */
  readonly origin: 'client' | 'person';
  readonly body: PlainVideoBody;
  readonly timing: TaskTiming;
  readonly outcome: Outcome;
  readonly reason: string | null;
  /** The same for two submits with the same body. */
  readonly fingerprint: string;
  readonly sentinelId: string | null;
  readonly source: string;
  readonly userAgent: string;
}
