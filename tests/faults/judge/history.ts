/** Everything that clients, the database and the upstream saw of one run, as plain data: what is judged, and what a failure is printed from. */

export interface History {
  /** Of this run, milliseconds. */
  limits: {
    submitTimeoutMs: number;
    freshnessMs: number;
    settleMs: number;
    /** How late after its deadline a generation may end. */
    lateMs: number;
    /** In what time everything moves on after the last fault. */
    moveMs: number;
    /** Fewer starts than this while all owners wait say nothing about their shares. */
    leastStarts: number;
  };
  faults: InjectedFault[];
  accepts: Accept[];
  views: View[];
  streams: Stream[];
  media: FetchedMedia[];
  /** What clients were told when they called a generation off. */
  cancels: { at: number; generationId: string; state: string }[];
  /** Generations that their owners have deleted: nothing of them need be left. */
  deletes: { at: number; generationId: string }[];
  /** A client asking for what is another's. */
  trespasses: { at: number; generationId: string; owner: string; status: number }[];
  samples: Sample[];
  /** At the end, when nothing was to be done any more. */
  final: Final;
  ledger: Ledger;
  /** Log lines that were looked for in all processes: see `isAlarming`. */
  alarms: string[];
  /** What was wrong with answers that are not as the document of the API describes them. */
  unfitAnswers: string[];
  /** Where a secret was found, without the secret. */
  leaks: string[];
}

export interface InjectedFault {
  name: string;
  from: number;
  /** When it was healed: from here on recovery counts. */
  to: number;
}

/** A 2xx that a client got for a creating request. */
export interface Accept {
  at: number;
  /** Of the first try of the same key. */
  askedAt: number;
  idempotencyKey: string;
  /** Of what was asked for: equal keys ask for equal things. */
  prompt: string;
  owner: string;
  generationId: string;
}

/** What one client was told in one answer, in its order. */
export interface View {
  at: number;
  generationId: string;
  state: string;
  progress: number;
  seq: number;
}

/** One subscription to the events of a generation, over all its reconnects. */
export interface Stream {
  generationId: string;
  frames: { at: number; seq: number; type: string; progress: number | undefined }[];
  /** Whether the client saw it to its end. */
  isWhole: boolean;
}

export interface FetchedMedia {
  generationId: string;
  sizeBytes: number;
  sha256: string;
}

/** The open work, as the database had it at one instant. */
export interface Sample {
  at: number;
  attempts: { id: string; generationId: string; state: string; tokenId: string; seq: number }[];
  /** `freeAt` is set where the slot of a lost attempt is kept. */
  slots: {
    tokenId: string;
    kind: string;
    slotNo: number;
    limit: number;
    attemptId: string;
    attemptState: string;
    freeAt: number | null;
  }[];
  /** Of open generations that no token has. */
  waiting: number;
}

export interface Final {
  at: number;
  generations: {
    id: string;
    owner: string;
    kind: string;
    state: string;
    errorCode: string | null;
    step: number;
    seq: number;
    createdAt: number;
    deadlineAt: number;
    completedAt: number | null;
  }[];
  attempts: {
    id: string;
    generationId: string;
    step: number;
    n: number;
    state: string;
    createdAt: number;
    sentAt: number | null;
    closedAt: number | null;
    /** When a complete listing of the upstream was first without it. */
    firstCleanAt: number | null;
    /** The upstream's name of the task. */
    operationId: string | null;
  }[];
  events: { generationId: string; seq: number; type: string; progress: number | null }[];
  usage: { generationId: string; state: string }[];
  slots: { attemptId: string; freeAt: number | null }[];
  assets: { generationId: string; role: string; storageKey: string; sizeBytes: number; sha256: string }[];
  /** Of the files that are named by assets, as they are on the disk. */
  files: { storageKey: string; sizeBytes: number; sha256: string }[];
  limits: { account: string; image: number; video: number }[];
}

export interface Ledger {
  submits: { taskId: string; account: string; prompt: string; kind: string; at: number; finishedAt: number }[];
  /** How often the upstream saw a refresh token that had been used before. */
  reusedRefreshTokens: number;
}

export const terminalStates = ['succeeded', 'failed', 'cancelled'] as const;
export const isTerminal = (state: string): boolean => terminalStates.some((known) => known === state);
export const isEnd = (type: string): boolean => isTerminal(type.replace(/^generation\./, ''));
