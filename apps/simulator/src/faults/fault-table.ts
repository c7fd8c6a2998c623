import { type Endpoint, endpoints } from './endpoints.js';

/**
 * When in the life of a request a fault strikes: before it is handled (`delay`), instead of handling it (`answer`), in what a list
 * tells (`list`), in what becomes of the task that is made (`outcome`), in what a refresh gives (`exchange`), in the body of a good
 * answer (`rewrite`), or on the way of a good answer to the client (`reply`).
 */
export type Stage = 'delay' | 'answer' | 'list' | 'outcome' | 'exchange' | 'rewrite' | 'reply';

export interface FaultRow {
  readonly stage: Stage;
  /** Where it strikes unless a rule says otherwise. */
  readonly where: readonly Endpoint[];
  /** Where a rule may put it besides. */
  readonly also: readonly Endpoint[];
  /** For the reader of the README. */
  readonly does: string;
}

const everywhere = endpoints;
const nowhere = [] as const;
const videoMakers = ['create', 'storyboard', 'extension'] as const;
const taskMakers = [...videoMakers, 'video_gen'] as const;
const characterMakers = ['character_upload', 'character_from_generation'] as const;
const progressLists = ['pending', 'recent_tasks'] as const;
const taskLists = ['pending', 'drafts', 'recent_tasks'] as const;

/** Every kind of fault. The README's table is made of this one, and a test keeps it so. */
export const faultTable = {
  slow: { stage: 'delay', where: everywhere, also: nowhere, does: 'handled after `delayMs` (2000)' },
  overload: { stage: 'answer', where: everywhere, also: nowhere, does: '400 with "heavy load"' },
  token_invalidated: { stage: 'answer', where: everywhere, also: nowhere, does: '401 with this code' },
  token_expired: { stage: 'answer', where: everywhere, also: nowhere, does: '401 with this code' },
  unauthorized: { stage: 'answer', where: everywhere, also: nowhere, does: '401 "Unauthorized"' },
  rate_limited: {
    stage: 'answer',
    where: everywhere,
    also: nowhere,
    does: '429 as JSON, with `Retry-After` if `retryAfterSeconds` is given',
  },
  cloudflare_403: { stage: 'answer', where: everywhere, also: nowhere, does: '403 "Just a moment..." as HTML' },
  cloudflare_429: {
    stage: 'answer',
    where: everywhere,
    also: nowhere,
    does: '429 "Just a moment..." as HTML, with `Retry-After` if `retryAfterSeconds` is given',
  },
  country_block: { stage: 'answer', where: everywhere, also: nowhere, does: '403 `unsupported_country_code`' },
  server_error: { stage: 'answer', where: everywhere, also: nowhere, does: '500' },
  error_as_string: {
    stage: 'answer',
    where: everywhere,
    also: nowhere,
    does: '`status` (400) with `{"error":"text"}`; the text is `reason`',
  },
  error_null: { stage: 'answer', where: everywhere, also: nowhere, does: '`status` (400) with `{"error":null}`' },
  empty_200: { stage: 'answer', where: everywhere, also: nowhere, does: '200 without a body' },
  not_json_200: { stage: 'answer', where: everywhere, also: nowhere, does: '200 with HTML' },
  reset: {
    stage: 'answer',
    where: everywhere,
    also: nowhere,
    does: 'the connection is reset before anything is handled',
  },
  invite_unauthorized: {
    stage: 'answer',
    where: ['invite'],
    also: nowhere,
    does: '401 "Unauthorized", as for an account that is not activated',
  },
  session_empty: { stage: 'answer', where: ['session'], also: nowhere, does: '200 `{}`' },
  session_null: { stage: 'answer', where: ['session'], also: nowhere, does: '200 `null`' },
  refresh_reuse_rejected: {
    stage: 'answer',
    where: ['oauth'],
    also: nowhere,
    does: '401 `refresh_token_reused`, though the token is good',
  },
  username_taken: {
    stage: 'answer',
    where: ['username_check', 'username_set', 'finalize'],
    also: nowhere,
    does: 'the check says `{"available":false}`, the others 400 `username_not_available`',
  },
  quota_exhausted: {
    stage: 'answer',
    where: ['check'],
    also: taskMakers,
    does: 'the check tells `remaining` (0) and `resetsInSeconds` (left out if not given); a submit is a 429',
  },
  list_lag: {
    stage: 'list',
    where: taskLists,
    also: nowhere,
    does: 'the lists show what was true `lagMs` (5000) ago',
  },
  violation: {
    stage: 'outcome',
    where: videoMakers,
    also: nowhere,
    does: 'the draft says `sora_content_violation`, with `reason`',
  },
  missing_urls: { stage: 'outcome', where: videoMakers, also: nowhere, does: 'the draft has no links' },
  vanishing: { stage: 'outcome', where: taskMakers, also: nowhere, does: 'pending, then in no list for good' },
  unlisted: { stage: 'outcome', where: taskMakers, also: nowhere, does: 'accepted, but never in any list' },
  image_failed: { stage: 'outcome', where: ['video_gen'], also: nowhere, does: 'fails, with `reason`' },
  image_without_url: {
    stage: 'outcome',
    where: ['video_gen'],
    also: nowhere,
    does: 'succeeds, but its `generations` have no `url`',
  },
  character_failed: {
    stage: 'outcome',
    where: characterMakers,
    also: nowhere,
    does: 'the character ends as `failed`, with `reason`',
  },
  refresh_rotated: {
    stage: 'exchange',
    where: ['oauth'],
    also: nowhere,
    does: 'gives a new refresh token and spends the old one, though the account does not rotate them',
  },
  refresh_token_missing: {
    stage: 'exchange',
    where: ['oauth'],
    also: nowhere,
    does: 'the answer names no refresh token, and the old one stays good',
  },
  pending_object: {
    stage: 'rewrite',
    where: ['pending'],
    also: nowhere,
    does: 'an object around the array: `{"items":[…]}`',
  },
  progress_null: { stage: 'rewrite', where: progressLists, also: nowhere, does: 'every `progress_pct` is null' },
  progress_missing: { stage: 'rewrite', where: progressLists, also: nowhere, does: 'no element has a `progress_pct`' },
  reply_lost: {
    stage: 'reply',
    where: taskMakers,
    also: everywhere,
    does: 'the request is handled, and if it succeeded, the connection is cut instead of an answer',
  },
  reply_hangs: {
    stage: 'reply',
    where: taskMakers,
    also: everywhere,
    does: 'the same, but the connection stays open and silent',
  },
} as const satisfies Record<string, FaultRow>;

type Table = typeof faultTable;
export type FaultKind = keyof Table;

type PlaceOf<Kind extends FaultKind> = Table[Kind]['where'][number] | Table[Kind]['also'][number];

/** The kinds that strike at a stage, at one of these endpoints. */
export type KindOf<Wanted extends Stage, At extends Endpoint = Endpoint> = {
  [Kind in FaultKind]: Table[Kind]['stage'] extends Wanted
    ? Extract<PlaceOf<Kind>, At> extends never
      ? never
      : Kind
    : never;
}[FaultKind];

export const faultKinds = Object.keys(faultTable) as [FaultKind, ...FaultKind[]];

export function faultRow(kind: FaultKind): FaultRow {
  return faultTable[kind];
}

/** Where a rule of this kind may be put. */
export function placesOf(kind: FaultKind): readonly Endpoint[] {
  const { where, also } = faultRow(kind);
  return endpoints.filter((endpoint) => where.includes(endpoint) || also.includes(endpoint));
}
