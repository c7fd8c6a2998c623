/**
 * The one error class of Reelay and the registry of its codes. A code is public API: clients branch on it, `docs/errors.md`
 * lists it (a test keeps both equal), and its HTTP status decides whether official SDKs retry by themselves.
 */

/** OpenAI's error `type` values that SDKs and dashboards know. */
export const errorTypes = [
  'invalid_request_error',
  'image_generation_user_error',
  'server_error',
  'requests',
  'insufficient_quota',
] as const;
export type ErrorType = (typeof errorTypes)[number];

export interface ErrorDefinition {
  /** HTTP status of the answer. 409 is never used: both official SDKs retry it. */
  readonly status: number;
  readonly type: ErrorType;
  /** Whether an SDK may send the same request again; false adds `x-should-retry: false` where the status would invite a retry. */
  readonly retry: boolean;
  /** Public messages reach clients as written; others are replaced by a general sentence and only logged. */
  readonly public: boolean;
  /** One sentence for `docs/errors.md`: what happened and what to do. */
  readonly help: string;
}

const client = (status: number, help: string): ErrorDefinition => ({
  status,
  type: 'invalid_request_error',
  retry: false,
  public: true,
  help,
});
const limit = (help: string): ErrorDefinition => ({ status: 429, type: 'requests', retry: true, public: true, help });
const server = (status: number, retry: boolean, help: string): ErrorDefinition => ({
  status,
  type: 'server_error',
  retry,
  public: true,
  help,
});
const hidden = (status: number, retry: boolean, help: string): ErrorDefinition => ({
  ...server(status, retry, help),
  public: false,
});

export const errorRegistry = {
  invalid_request: client(400, 'The request cannot be read as sent; the message names the part to mend.'),
  invalid_json: client(400, 'The body is not valid JSON; check quotes, commas and the content type.'),
  invalid_value: client(400, 'A field has a value that is not allowed; `param` names the field.'),
  missing_required_parameter: client(400, 'A required field is missing; `param` names it.'),
  unsupported_parameter: client(400, 'The field is known but not supported here; `param` names it.'),
  not_supported_by_model: client(400, 'The model cannot do what was asked; `GET /v1/models` says what each can do.'),
  content_policy_violation: client(400, 'The upstream refused the content; change the prompt or the reference.'),
  moderation_blocked: {
    ...client(400, 'The same, as the images API of OpenAI says it; `type` is `image_generation_user_error`.'),
    type: 'image_generation_user_error',
  },
  invalid_reference: client(400, 'An image or video of the request cannot be used; the message says why.'),
  reference_unavailable: client(400, 'An image or video of the request could not be fetched from its address.'),
  webhook_unreachable: client(
    400,
    'The test event of a webhook did not get an answer from its URL; the message says why.',
  ),
  character_failed: client(400, 'The upstream could not make a character of this video; use another one.'),
  remix_needs_publishing: client(
    400,
    'A remix of an own video has to publish it upstream for a moment, which this installation does not do; an operator can allow it (`sora.publishForRemix`).',
  ),
  file_quota_exceeded: client(403, 'The files of this key take as much as they may; delete some.'),
  invalid_api_key: client(401, 'No key or a wrong one was sent; use `Authorization: Bearer <key>`.'),
  insufficient_permissions: client(403, 'The key is valid but may not do this; use another key.'),
  model_not_allowed: client(
    403,
    'The key may not use this model or this kind of work; `GET /v1/models` lists what it may, and the operator can allow more.',
  ),
  model_not_available: client(
    403,
    'No account of the pool could ever serve this model; add one with the plan it needs.',
  ),
  link_invalid: client(403, 'The signed link was changed or cut; ask for the generation again to get a fresh one.'),
  link_expired: client(410, 'The signed link is too old; ask for the generation again to get a fresh one.'),
  expired: client(410, 'The file was kept for as long as this installation keeps files, and is gone; make it anew.'),
  model_not_found: client(404, 'There is no model of this id; `GET /v1/models` lists them.'),
  not_found: client(404, 'Nothing with this id belongs to this key.'),
  route_not_found: client(404, 'There is no such route; check the path and that the base URL ends in /v1.'),
  video_not_ready: client(404, 'The video is not finished yet; ask again when its status is `completed`.'),
  variant_unavailable: client(
    404,
    'No thumbnail or spritesheet can be made of this video; the message says why. The operator may have to install ffmpeg.',
  ),
  method_not_allowed: client(405, 'The route exists but not with this method.'),
  request_too_large: client(413, 'The body is larger than this route accepts.'),
  range_not_satisfiable: client(416, 'The Range header asks for bytes beyond the end of the file.'),
  unsupported_media_type: client(415, 'The content type is not one this route reads.'),
  idempotency_key_reused: client(
    422,
    'The Idempotency-Key was used before for another request; send a new key with every new request.',
  ),
  rate_limit_exceeded: limit(
    'This key has as many open generations or streams as it may, or sends more requests in a minute; wait as long as `Retry-After` says (SDKs do, for a while).',
  ),
  insufficient_quota: {
    status: 429,
    type: 'insufficient_quota',
    retry: false,
    public: true,
    help: 'This key has used up its quota of this kind for the day or the month; wait until that is over, or ask the operator for more.',
  },
  queue_full: limit(
    'More waits than can be begun before the deadline of this request, or than the installation takes at all; send it again later.',
  ),
  no_account_in_service: server(
    503,
    false,
    'Every account that could serve this is out of service and none is known to be back before the deadline; the operator is to look after them.',
  ),
  still_running: server(
    504,
    true,
    'The generation needs longer than one request may wait; it goes on. Send the same request again (SDKs do) or read it by its id.',
  ),
  gateway_restarting: server(503, true, 'The gateway is being restarted; the generation goes on. Read it by its id.'),
  service_unavailable: server(
    503,
    true,
    'A part that is needed cannot be reached just now; try again in some seconds.',
  ),
  upstream_refused: server(502, false, 'The upstream refused the task; the message gives its reason.'),
  upstream_failed: server(502, false, 'The upstream accepted the task and failed to finish it.'),
  upstream_unavailable: server(503, true, 'The upstream could not be reached or was overloaded until the deadline.'),
  upstream_outcome_unknown: server(
    502,
    false,
    'It could not be found out whether the upstream took the task, so it was not sent a second time.',
  ),
  upstream_timeout: server(504, false, 'The upstream did not finish the task in the longest time allowed for one.'),
  country_not_supported: server(
    502,
    false,
    'The upstream does not serve the country the request left from; set a proxy.',
  ),
  media_unavailable: server(502, false, 'The upstream finished but its media could not be fetched.'),
  deadline_exceeded: server(504, false, 'The generation was not finished by its deadline.'),
  cancelled: client(400, 'The generation was cancelled or deleted by its owner; nothing more comes of it.'),
  credential_unavailable: hidden(503, true, 'The account has no usable credential just now.'),
  unauthorized_internal: hidden(401, false, 'An internal call came without the internal key.'),
  internal_error: hidden(500, true, 'Something failed inside; the log has the request id.'),
} as const satisfies Record<string, ErrorDefinition>;

export type ErrorCode = keyof typeof errorRegistry;

export interface AppErrorOptions {
  /** Name of the offending request field, as the client wrote it. */
  param?: string;
  cause?: unknown;
  /** More fields for the public body, e.g. the generation's id. Never a secret. */
  details?: Record<string, unknown>;
  /** Hint for the client or the job, milliseconds. */
  retryAfterMs?: number;
}

const marker = Symbol.for('reelay.AppError');

export class AppError extends Error {
  readonly code: ErrorCode;
  readonly param: string | undefined;
  readonly details: Record<string, unknown> | undefined;
  readonly retryAfterMs: number | undefined;
  readonly [marker] = true;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.param = options.param;
    this.details = options.details;
    this.retryAfterMs = options.retryAfterMs;
  }

  get definition(): ErrorDefinition {
    return errorRegistry[this.code];
  }
}

/** Works across module copies and test realms, where `instanceof` does not. */
export function isAppError(value: unknown): value is AppError {
  return typeof value === 'object' && value !== null && marker in value;
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorRegistry, value);
}

/** What of an error may be stored with a generation and shown to its owner. */
export interface StoredError {
  code: ErrorCode;
  message: string;
  param?: string;
}

export function toStoredError(error: unknown): StoredError {
  if (isAppError(error) && error.definition.public) {
    return { code: error.code, message: error.message, ...(error.param === undefined ? {} : { param: error.param }) };
  }
  return { code: 'internal_error', message: 'Something failed inside; the log has the details under this id.' };
}

/** OpenAI's error body (all four keys are required by its schema) plus our extra fields. */
export function toErrorBody(error: unknown): { error: Record<string, unknown> } {
  const stored = toStoredError(error);
  const details = isAppError(error) && error.definition.public ? error.details : undefined;
  return {
    error: {
      message: stored.message,
      type: errorRegistry[stored.code].type,
      param: stored.param ?? null,
      code: stored.code,
      ...details,
    },
  };
}
