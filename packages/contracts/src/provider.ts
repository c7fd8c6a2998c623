/**
 * The provider port: everything Reelay knows about an upstream. A provider is a plain class; it does not retry, log, read the
 * environment or touch the database, and what it keeps between calls is opaque JSON that another process can take up.
 */
import type { GenerationKind, SlotKind } from './domain.js';
import type { ErrorCode } from './errors.js';
import type { Character, GenerationRequest } from './generation-request.js';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Static facts that drive routing, /v1/models and the console. */
export interface ProviderDeclaration {
  id: string;
  name: string;
  kinds: readonly GenerationKind[];
  /** Whether the create call is itself the render (own queue, own drain). */
  synchronous: boolean;
  /** Whether a running task can be told to stop; where not, a cancelled one runs to its end and holds its slot so long. */
  canCancel: boolean;
}

/** Where a provider's calls go. All upstream addresses are configuration; media come only from `mediaHosts`. */
export interface ProviderTarget {
  /** Name stored with tokens, e.g. `sora` or `simulator`. */
  name: string;
  /** Named base URLs, without a trailing slash. Which names exist is the provider's affair. */
  urls: Readonly<Record<string, string>>;
  /** `host` or `host:port`, or `*.example.com`, that media may be fetched from. */
  mediaHosts: readonly string[];
  /** Results of this target are marked as simulated wherever they are shown. */
  simulated: boolean;
}

/** Lives in memory only, until it expires. */
export interface Credential {
  tokenId: string;
  accessToken: string;
  /** Raised by every refresh; a worker names the version that was refused when it asks for a new one. */
  version: number;
}

/**
 * Commits `intent → sent`. Resolves with the monotonic time (`performance.now()`, ms) at which that commit began and the longest
 * time that may lie between it and the first byte; when more has passed in the tick of the write, nothing is written.
 */
export type BeforeSend = () => Promise<{ commitStartedAt: number; freshMs: number }>;

export interface UpstreamRequest {
  method: 'GET' | 'POST' | 'DELETE';
  url: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** `upload`: bytes of a reference; an installation may send these through a proxy of their own. */
  purpose?: 'upload';
  timeoutMs?: number;
  /** Bytes of answer accepted at most; more is an error. Default 4 MiB. */
  maximumBytes?: number;
  /**
   * Marks the one request that costs money: awaited after the connection stands and immediately before the first byte.
   * When it throws, nothing is sent, and its error is the cause of the `TransportError` (`phase: 'before_send'`).
   */
  beforeSend?: BeforeSend;
}

export interface UpstreamResponse {
  status: number;
  headers: Readonly<Record<string, string>>;
  /** The body as UTF-8. */
  text: string;
  /** The body as it came. */
  bytes: Uint8Array;
}

/** Throws `TransportError`; any HTTP status is an answer. Goes through the attempt's proxy and is recorded with secrets masked. */
export type UpstreamFetch = (request: UpstreamRequest) => Promise<UpstreamResponse>;

/** Finds the nonce for a proof-of-work challenge off the main thread. Source: sora-web.md section 2. */
export interface ProofSolver {
  solve(
    challenge: { seed: string; difficulty: string; config: readonly unknown[] },
    signal: AbortSignal,
  ): Promise<{ solution: string; solved: boolean }>;
}

/** What calls about the account itself are handed; nothing else may be reached for. */
export interface AccountContext {
  fetch: UpstreamFetch;
  target: ProviderTarget;
  credential: Credential;
  signal: AbortSignal;
  /** Unix milliseconds. */
  now: () => number;
  /** Uniform in [0, 1). */
  random: () => number;
  uuid: () => string;
  /** Provider settings by name without the provider's prefix, e.g. `draftsPage`; a switch is 1 or 0. */
  settings: Readonly<Record<string, number>>;
}

/** What every call about work is handed; nothing else may be reached for. */
export interface CallContext extends AccountContext {
  solver: ProofSolver;
}

/** One step of a generation. Most have one; a character that plays in a video has three. */
export interface StepPlan {
  /** For people and records, e.g. `finalize`. */
  name: string;
  /**
   * How a submit with unknown outcome is resolved:
   * - `elimination`: listings are compared, which allows one unresolved submit per token;
   * - `lookup`: the task is looked for by a name that we chose (`lookUp`);
   * - `repeat`: a second one costs and leaves nothing, so it is simply sent again;
   * - `none`: the upstream cannot be asked; the generation fails.
   */
  reconcile: 'elimination' | 'lookup' | 'repeat' | 'none';
}

export interface StepContext extends CallContext {
  /** 1 for the first. */
  step: number;
  /** What the step before handed on; null in the first. */
  carried: Json;
  /** The bytes of one of the request's references. @throws AppError `media_unavailable` */
  readReference: (assetId: string) => Promise<Uint8Array>;
}

export interface SubmitContext extends StepContext {
  /** Commits `intent → sent`; hand it to the one request that costs money, exactly once. */
  beforeSend: BeforeSend;
  /** Hard timeout of that request in ms. */
  submitTimeoutMs: number;
}

/** An accepted upstream task: its id there, and whatever else the adaptor wants back later. */
export interface Operation {
  id: string;
  /** The upstream's id of what the task made, once it is known: by it a remix, an extension or a character names its parent. */
  draftId?: string;
  data?: Json;
}

/** Something that the task leaves upstream and that is removed by `cleanUp` when the generation has ended, however it ends. */
export interface LitterNote {
  kind: string;
  reference: Json;
}

export interface Submitted {
  operation: Operation;
  litter?: readonly LitterNote[];
}

export interface MediaSource {
  url: string;
  /** Expected kind; the fetcher sniffs the content itself. */
  kind: 'video' | 'image';
}

export type PollOutcome =
  /** Also the outcome of a task that is in neither list: only the maximum task time ends that. */
  | { state: 'pending'; progress?: number; status?: string }
  | { state: 'done'; operation: Operation; media: MediaSource[]; text?: string; character?: Character }
  /** This step is over and the next begins, on the same token and slot; it is handed `carried`. */
  | { state: 'next'; operation: Operation; carried: Json }
  | { state: 'refused'; error: { code: ErrorCode; message: string } };

export interface PollResult {
  /** By operation id. One that is missing could not be asked for this time. */
  outcomes: ReadonlyMap<string, PollOutcome>;
  /** What failed, where only some of the lists could be read. Each an UpstreamError. */
  failures: readonly unknown[];
}

/** Tasks of one kind on a token. */
export interface ListQuery {
  slotKind: SlotKind;
  /**
   * Ids that were on the *finished* list before: paging may end at the first of them. One that was only pending then may have finished
   * after the task that is looked for, and would end the paging too early.
   */
  until?: ReadonlySet<string>;
}

/** Ids of everything on the token's lists. `finished` is newest first. */
export interface UpstreamListing {
  pending: string[];
  finished: string[];
  /** Finished tasks that were seen below the last one of `until`: too old to be an answer to anything since, and known from now on. */
  older?: string[];
  /** False when a cap stopped the paging before `until` or the end was reached: such a listing proves nothing absent. */
  complete: boolean;
}

export interface AccountInspection {
  /** Stable upstream identity; two credentials with the same one are the same account. */
  identity: string;
  label: string;
  plan: 'free' | 'plus' | 'team' | 'pro' | null;
  sora2: boolean | null;
  /** Videos left, and when the count starts again (Unix ms); null when unknown. */
  remaining: number | null;
  resetsAt: number | null;
  /** The account's handle upstream; null when it has none or does not say. */
  username?: string | null;
  /** When what is paid for ends (Unix ms); null when nothing is, or the upstream does not say. */
  subscriptionEndsAt?: number | null;
  /** Unix ms, from the access token. */
  expiresAt: number | null;
}

/** What an access token can be renewed with; at least one of the first two. Held for the call only. */
export interface RefreshSecrets {
  sessionToken?: string;
  /** Good for one use where the upstream rotates it. */
  refreshToken?: string;
  /** OAuth client the refresh token was issued to; the provider's own default when left out. */
  clientId?: string;
}

export interface RefreshedCredential {
  accessToken: string;
  /** Replaces the old one, which is spent; left out when the old one stays valid. Store both in one transaction. */
  refreshToken?: string;
  /** Unix ms; null when the upstream does not say. */
  expiresAt: number | null;
}

export interface Provider {
  readonly declaration: ProviderDeclaration;
  /** What step number `step` of this request is. Pure. */
  plan(request: GenerationRequest, step: number): StepPlan;
  /** Uploads and the like. Repeatable, costs nothing. @throws UpstreamError */
  prepare(request: GenerationRequest, context: StepContext): Promise<Json>;
  /** Proof of work, then `beforeSend`, then the one request of the step that counts. @throws UpstreamError */
  submit(request: GenerationRequest, prepared: Json, context: SubmitContext): Promise<Submitted>;
  /** The task of a submit with unknown outcome, for steps planned with `lookup`; undefined when there is none. @throws UpstreamError */
  lookUp(request: GenerationRequest, prepared: Json, context: StepContext): Promise<Submitted | undefined>;
  /** One round for all open operations of a token. @throws UpstreamError when nothing could be read */
  poll(operations: readonly Operation[], context: CallContext): Promise<PollResult>;
  /** Pending, *then* finished, paged until an id of `until` or the end. @throws UpstreamError */
  list(query: ListQuery, context: CallContext): Promise<UpstreamListing>;
  /** Fresh addresses of a finished operation's media. @throws UpstreamError */
  media(operation: Operation, context: CallContext): Promise<MediaSource[]>;
  /**
   * Tells the upstream that nobody wants a running task any more; there where `canCancel` is declared. Repeatable, and no promise: the task
   * is polled until the upstream says that it is over. @throws UpstreamError
   */
  cancel?(operation: Operation, context: CallContext): Promise<void>;
  /** Removes something we left upstream; resolves when it is gone. @throws UpstreamError */
  cleanUp(litter: { kind: string; reference: Json }, context: CallContext): Promise<void>;
  /**
   * What an access token says of itself, without asking anybody. The identity is the one `inspect` would give, null when the token does
   * not name it; `issuedAt` and `expiresAt` are Unix ms.
   */
  identify(accessToken: string): { identity: string | null; issuedAt: number | null; expiresAt: number | null };
  /** Who the account is and what it may do. What cannot be found out is null. @throws UpstreamError */
  inspect(context: AccountContext): Promise<AccountInspection>;
  /** Lets the account in with an invitation; a second time with the same one changes nothing. @throws UpstreamError */
  acceptInvite(inviteCode: string, context: AccountContext): Promise<{ alreadyAccepted: boolean }>;
  /**
   * A new access token from the session token, else from the refresh token. The credential in the context is the old one.
   *
   * @throws UpstreamError `refused` with effect `credential_rejected`: neither secret is good any more, a person must look;
   * `not_sent`: may be tried again with the same secrets; `unknown`: the refresh token may be spent and its successor lost, so the
   * same one is not sent again by itself.
   */
  refresh(secrets: RefreshSecrets, context: AccountContext): Promise<RefreshedCredential>;
}
