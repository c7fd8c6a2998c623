import type { Journal } from '../journal/journal.js';
import { becomesDraft, finishedAt, isOpen, stateAt } from './life-cycle.js';
import type { VideoTask } from './video-task.js';

export interface TaskLimits {
  /** Finished tasks of one account that its lists still show. */
  readonly finishedPerAccount: number;
  /** Submits that the ledger still tells one by one. */
  readonly inLedger: number;
}

export const defaultLimits: TaskLimits = { finishedPerAccount: 2_000, inLedger: 20_000 };

/** The place after the last draft of a page. */
export interface DraftPosition {
  readonly finishedAt: number;
  readonly id: string;
}

interface AccountTasks {
  tasks: VideoTask[];
  /** When videos of this account ended or will end: what its quota is counted by. */
  ends: number[];
}

/** All accepted submits: by account as the lists show them, and in order of arrival as the ledger does. */
export class TaskBook {
  readonly #byAccount = new Map<string, AccountTasks>();
  readonly #byGeneration = new Map<string, VideoTask>();
  #ledger: VideoTask[] = [];
  #accepted = 0;

  constructor(
    private readonly journal: Journal,
    private readonly limits: TaskLimits = defaultLimits,
  ) {}

  /** Ever accepted, those included that are no longer kept. */
  get accepted(): number {
    return this.#accepted;
  }

  get ledger(): readonly VideoTask[] {
    return this.#ledger;
  }

  reset(): void {
    this.#byAccount.clear();
    this.#byGeneration.clear();
    this.#ledger = [];
    this.#accepted = 0;
  }

  accept(task: VideoTask): void {
    this.journal.append({ type: 'task', task });
    this.restore(task);
  }

  /** Takes a task over from the journal, without writing it there again. */
  restore(task: VideoTask): void {
    this.#accepted += 1;
    this.#ledger.push(task);
    this.#byGeneration.set(task.generationId, task);
    const account = this.#of(task.account);
    account.tasks.push(task);
    if (task.outcome === 'video') account.ends.push(finishedAt(task));
    this.#forgetOldest(account, task.createdAt);
  }

  findByGeneration(generationId: string): VideoTask | undefined {
    return this.#byGeneration.get(generationId);
  }

  /** Every task that must be in the journal to go on after a restart as if nothing had happened. */
  kept(): Iterable<VideoTask> {
    const known = new Map(this.#ledger.map((task) => [task.id, task]));
    for (const { tasks } of this.#byAccount.values()) for (const task of tasks) known.set(task.id, task);
    return [...known.values()].sort((first, second) => first.createdAt - second.createdAt);
  }

  open(account: string, now: number): VideoTask[] {
    return this.#of(account).tasks.filter((task) => isOpen(task, now));
  }

  ends(account: string): readonly number[] {
    return this.#of(account).ends;
  }

  /** Forgets ends before `time`: the quota windows they counted in are over. */
  forgetEndsBefore(account: string, time: number): void {
    const kept = this.#of(account);
    kept.ends = kept.ends.filter((end) => end >= time);
  }

  /** Queued and rendering tasks, the newest first. */
  pending(account: string, now: number): VideoTask[] {
    return this.#of(account)
      .tasks.filter((task) => {
        const { phase } = stateAt(task, now);
        return task.createdAt <= now && task.outcome !== 'unlisted' && (phase === 'queued' || phase === 'rendering');
      })
      .reverse();
  }

  /** Finished tasks, the last finished first, `limit` of them after `position`. */
  drafts(
    account: string,
    now: number,
    limit: number,
    position?: DraftPosition,
  ): { page: VideoTask[]; hasMore: boolean } {
    const finished = this.#of(account)
      .tasks.filter((task) => becomesDraft(task) && !isOpen(task, now))
      .map((task) => ({ task, position: draftPosition(task) }))
      .filter((draft) => position === undefined || compareDrafts(position, draft.position) < 0)
      .sort((first, second) => compareDrafts(first.position, second.position));
    return { page: finished.slice(0, limit).map(({ task }) => task), hasMore: finished.length > limit };
  }

  #of(account: string): AccountTasks {
    const known = this.#byAccount.get(account);
    if (known) return known;
    const fresh: AccountTasks = { tasks: [], ends: [] };
    this.#byAccount.set(account, fresh);
    return fresh;
  }

  #forgetOldest(account: AccountTasks, now: number): void {
    // Now and then, not each time: counting costs as much as the list is long.
    const slack = Math.ceil(this.limits.finishedPerAccount / 10);
    if (account.tasks.length > this.limits.finishedPerAccount + slack) {
      let spare = account.tasks.filter((task) => !isOpen(task, now)).length - this.limits.finishedPerAccount;
      account.tasks = account.tasks.filter((task) => {
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

export function draftPosition(task: VideoTask): DraftPosition {
  return { finishedAt: finishedAt(task), id: task.id };
}

/** Negative if the first stands before the second, that is, finished later. */
function compareDrafts(first: DraftPosition, second: DraftPosition): number {
  return second.finishedAt - first.finishedAt || (first.id < second.id ? 1 : first.id > second.id ? -1 : 0);
}
