import type { Journal } from '../journal/journal.js';
import { finishedAt, isEverListed, isOpen, stateAt } from './life-cycle.js';
import type { MediaPlan, Task } from './task.js';

export interface TaskLimits {
  /** Finished tasks of one account and media type that its lists still show. */
  readonly finishedPerAccount: number;
  /** Submits that the ledger still tells one by one. */
  readonly inLedger: number;
}

/** The place after the last draft of a page. */
export interface DraftPosition {
  readonly finishedAt: number;
  readonly id: string;
}

interface AccountTasks {
  video: Task[];
  image: Task[];
  /** When videos of this account ended or will end: what its quota is counted by. */
  ends: number[];
}

/** All accepted submits: by account as the lists show them, and in order of arrival as the ledger does. */
export class TaskBook {
  readonly #byAccount = new Map<string, AccountTasks>();
  readonly #byGeneration = new Map<string, Task>();
  #ledger: Task[] = [];
  #accepted = 0;

  constructor(
    private readonly journal: Journal,
    private readonly limits: TaskLimits,
  ) {}

  /** Ever accepted, those included that are no longer kept. */
  get accepted(): number {
    return this.#accepted;
  }

  get ledger(): readonly Task[] {
    return this.#ledger;
  }

  reset(): void {
    this.#byAccount.clear();
    this.#byGeneration.clear();
    this.#ledger = [];
    this.#accepted = 0;
  }

  accept(task: Task): void {
    this.journal.append({ type: 'task', task });
    this.restore(task);
  }

  /** Takes a task over from the journal, without writing it there again. */
  restore(task: Task): void {
    this.#accepted += 1;
    this.#ledger.push(task);
    this.#byGeneration.set(task.generationId, task);
    const account = this.#of(task.account);
    account[task.media.type].push(task);
    if (task.outcome === 'video') account.ends.push(finishedAt(task));
    this.#forgetOldest(account, task.media.type, task.createdAt);
  }

  findByGeneration(generationId: string): Task | undefined {
    return this.#byGeneration.get(generationId);
  }

  /** Every task that must be in the journal to go on after a restart as if nothing had happened. */
  kept(): Iterable<Task> {
    const known = new Map(this.#ledger.map((task) => [task.id, task]));
    for (const { video, image } of this.#byAccount.values()) {
      for (const task of [...video, ...image]) known.set(task.id, task);
    }
    return [...known.values()].sort((first, second) => first.createdAt - second.createdAt);
  }

  /** Unfinished images or videos. */
  open(account: string, type: MediaPlan['type'], now: number): Task[] {
    return this.#of(account)[type].filter((task) => isOpen(task, now));
  }

  ends(account: string): readonly number[] {
    return this.#of(account).ends;
  }

  /** Forgets ends before `time`: the quota windows they counted in are over. */
  forgetEndsBefore(account: string, time: number): void {
    const kept = this.#of(account);
    kept.ends = kept.ends.filter((end) => end >= time);
  }

  /** Queued and rendering videos, the newest first. */
  pending(account: string, now: number): Task[] {
    return this.#of(account)
      .video.filter((task) => {
        const { phase } = stateAt(task, now);
        return task.createdAt <= now && task.outcome !== 'unlisted' && (phase === 'queued' || phase === 'rendering');
      })
      .reverse();
  }

  /** Finished videos, the last finished first, `limit` of them after `position`. */
  drafts(account: string, now: number, limit: number, position?: DraftPosition): { page: Task[]; hasMore: boolean } {
    const finished = this.#of(account)
      .video.filter((task) => isEverListed(task) && !isOpen(task, now))
      .map((task) => ({ task, position: draftPosition(task) }))
      .filter((draft) => position === undefined || compareDrafts(position, draft.position) < 0)
      .sort((first, second) => compareDrafts(first.position, second.position));
    return { page: finished.slice(0, limit).map(({ task }) => task), hasMore: finished.length > limit };
  }

  /** Images in every state, the newest first, `limit` of them. */
  recentImages(account: string, now: number, limit: number): Task[] {
    const listed: Task[] = [];
    const images = this.#of(account).image;
    for (let index = images.length - 1; index >= 0 && listed.length < limit; index -= 1) {
      const task = images[index]!;
      const isListed = task.createdAt <= now && task.outcome !== 'unlisted' && stateAt(task, now).phase !== 'gone';
      if (isListed) listed.push(task);
    }
    return listed;
  }

  #of(account: string): AccountTasks {
    const known = this.#byAccount.get(account);
    if (known) return known;
    const fresh: AccountTasks = { video: [], image: [], ends: [] };
    this.#byAccount.set(account, fresh);
    return fresh;
  }

  #forgetOldest(account: AccountTasks, type: MediaPlan['type'], now: number): void {
    // Now and then, not each time: counting costs as much as the list is long.
    const slack = Math.ceil(this.limits.finishedPerAccount / 10);
    const tasks = account[type];
    if (tasks.length > this.limits.finishedPerAccount + slack) {
      let spare = tasks.filter((task) => !isOpen(task, now)).length - this.limits.finishedPerAccount;
      account[type] = tasks.filter((task) => {
        const isSpare = spare > 0 && !isOpen(task, now);
        if (!isSpare) return true;
        spare -= 1;
        this.#byGeneration.delete(task.generationId);
        return false;
      });
    }
    if (this.#ledger.length > this.limits.inLedger * 1.1) this.#ledger = this.#ledger.slice(-this.limits.inLedger);
  }
}

export function draftPosition(task: Task): DraftPosition {
  return { finishedAt: finishedAt(task), id: task.id };
}

/** Negative if the first stands before the second, that is, finished later. */
function compareDrafts(first: DraftPosition, second: DraftPosition): number {
  return second.finishedAt - first.finishedAt || (first.id < second.id ? 1 : first.id > second.id ? -1 : 0);
}
