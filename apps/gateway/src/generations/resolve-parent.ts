/** What a request starts from, looked up: whose it is, where it lies upstream, and whether it may be used so. */
import { AppError } from '@reelay/contracts/errors';
import { framesPerSecond } from '@reelay/contracts/frames-per-second';
import type { GenerationRequest, Parent, Workflow } from '@reelay/contracts/generation-request';
import { findModel } from '@reelay/contracts/models';
import type { PlannedParent } from '@reelay/contracts/request/planned-request';
import type { RequestInput } from '@reelay/contracts/request/request-input';
import type { Settings } from '@reelay/contracts/settings';
import type { Database } from '@reelay/db/client';
import { findDraftMaker, findOwnDraft, type OwnDraft } from '@reelay/db/generations/find-draft';
import { findGeneration } from '@reelay/db/generations/find-generation';

export interface ResolveParent {
  parent: PlannedParent | undefined;
  workflow: Workflow;
  /** As the client wrote it: refusals name what it named. */
  input: Pick<RequestInput, 'prompt' | 'remixTarget' | 'source'>;
  ownerId: string;
  settings: Settings;
}

export interface ResolvedParent {
  parent?: Parent;
  /** The only account that can work with it. */
  tokenId?: string;
  /** What an extension goes on with, where that is one of ours. */
  continued?: Footage;
}

/** Length and size of a video; without a size where nobody knows it. */
export type Footage = Pick<GenerationRequest, 'frames' | 'width' | 'height'>;

/** @throws AppError `not_found`, `invalid_value`, `remix_needs_publishing`, `model_not_available` */
export async function resolveParent(database: Database, resolve: ResolveParent): Promise<ResolvedParent> {
  const { parent, workflow, ownerId, settings } = resolve;
  if (parent === undefined) return {};
  if (parent.type === 'share') return { parent };
  const draft =
    parent.kind === 'own' ? await ownDraft(database, resolve, parent) : await anyDraft(database, resolve, parent);
  if (draft.isTokenGone) throw gone(parent.param);
  // An upstream's remix takes public clips only.
  if (workflow === 'remix' && !settings['sora.publishForRemix']) throw needsPublishing(parent.param);
  const { id, generationId, tokenId } = draft;
  const isContinued = workflow === 'extension' && generationId !== undefined;
  const continued = isContinued ? await footageOf(database, { id: generationId, ownerId }) : undefined;
  return {
    parent: { type: 'draft', id, ...(generationId === undefined ? {} : { generationId }) },
    ...(tokenId === undefined ? {} : { tokenId }),
    ...(continued === undefined ? {} : { continued }),
  };
}

/** What was measured, else what was asked of the upstream: a video that is only passed on is not looked at here. */
async function footageOf(database: Database, of: { id: string; ownerId: string }): Promise<Footage | undefined> {
  const video = await findGeneration(database, of);
  if (!video) return undefined;
  const [{ width, height, durationMs } = {}] = video.result?.media ?? [];
  const { request } = video;
  const frames = durationMs === undefined ? request.frames : Math.round((durationMs * framesPerSecond) / 1000);
  const sizes = [{ width, height }, request, findModel(request.model)];
  const size = sizes.find((one) => one?.width && one.height);
  return { frames, ...(size ? { width: size.width, height: size.height } : {}) };
}

type Mention = Extract<PlannedParent, { type: 'mention' }>;

interface FoundDraft {
  id: string;
  generationId?: string;
  tokenId?: string;
  isTokenGone?: boolean;
}

async function ownDraft(
  database: Database,
  { ownerId, input }: ResolveParent,
  { id, param }: Mention,
): Promise<FoundDraft> {
  const own = await findOwnDraft(database, { generationId: id, ownerId });
  if (!own) throw notFound(asWritten(id, input), param);
  if (own.state !== 'succeeded') {
    throw new AppError('invalid_value', describeState(asWritten(id, input), own.state), { param });
  }
  if (own.draft) return { generationId: own.generationId, ...own.draft };
  const what = own.kind === 'video' ? 'video' : own.kind === 'enhance' ? 'text' : own.kind;
  throw new AppError(
    'invalid_value',
    `${asWritten(id, input)} cannot be started from: it is ${what === 'image' ? 'an' : 'a'} ${what} without a draft upstream. Name a video.`,
    { param },
  );
}

/** One that nobody here made may still be on some account: the upstream will say. */
async function anyDraft(database: Database, { ownerId }: ResolveParent, { id, param }: Mention): Promise<FoundDraft> {
  const maker = await findDraftMaker(database, id);
  if (!maker) return { id };
  if (maker.isDeleted || maker.ownerId !== ownerId) throw notFound(id, param);
  const { generationId, tokenId, isTokenGone } = maker;
  return { id, generationId, tokenId, isTokenGone };
}

/** A generation has an id for each API, and a client knows only the one that it wrote. */
function asWritten(ulid: string, { remixTarget, source, prompt }: ResolveParent['input']): string {
  const pattern = new RegExp(`(?:[a-z]+[_-])?${ulid}`, 'i');
  const [text] = [remixTarget?.text, source?.text, prompt].flatMap((one) => pattern.exec(one ?? '')?.[0] ?? []);
  return text ?? ulid;
}

function describeState(id: string, state: OwnDraft['state']): string {
  return state === 'queued' || state === 'running'
    ? `${id} is not finished yet: send this again when it is.`
    : `${id} was not made (it ${state === 'failed' ? 'failed' : 'was cancelled'}): name another one.`;
}

function notFound(id: string, param: string): AppError {
  return new AppError('not_found', `Nothing with the id "${id}" belongs to this key.`, { param });
}

function gone(param: string): AppError {
  return new AppError(
    'model_not_available',
    'The account that made this video was removed from the installation, and no other one can go on with it.',
    { param },
  );
}

function needsPublishing(param: string): AppError {
  return new AppError(
    'remix_needs_publishing',
    'To remix an own video it has to be published upstream for a moment, which this installation does not do. The operator can allow it (sora.publishForRemix); a video that is shared already can be named by its link.',
    { param },
  );
}
