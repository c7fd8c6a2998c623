/** The finish job: fetches what the upstream made (or passes its addresses on), then ends the generation. Repeated by any worker it does nothing twice. */
import type { MediaAsset } from '@reelay/contracts/generation-request';
import type { MediaSource } from '@reelay/contracts/provider';
import type { Settings } from '@reelay/contracts/settings';
import { isUpstreamError } from '@reelay/contracts/upstream-error';
import type { StoredResult } from '@reelay/db/assets/insert-results';
import { findUsedFiles, noteResultFile } from '@reelay/db/assets/loose-files';
import { failGeneration } from '@reelay/db/generations/fail-generation';
import { type FinishSubject, findFinishSubject } from '@reelay/db/generations/find-finish-subject';
import { finishGeneration } from '@reelay/db/generations/finish-generation';
import { countFinishTry, isBeingFetched, storeFreshSources } from '@reelay/db/generations/track-finish';
import type { JobContext, JobResult } from '@reelay/platform/consume';
import { crashPoint } from '@reelay/platform/crash-point';
import { MediaTooLarge } from '@reelay/platform/download';
import { announce, ringDispatch } from '../announce.js';
import { AddressRefused, fetchMedia, NoLongerWanted, resultKeys, WrongMedia } from '../media/fetch-media.js';
import { passOnMedia } from '../media/pass-on-media.js';
import { NotAVideo } from '../media/probe-mp4.js';
import { describeFailure } from '../submit/decide-submit-outcome.js';
import { type Account, callContext, openAccount } from '../upstream/account.js';
import type { WorkerParts } from '../worker-parts.js';

interface FinishedMedia {
  stored: readonly StoredResult[];
  passedOn: readonly MediaAsset[];
}

interface Finish {
  parts: WorkerParts;
  subject: FinishSubject;
  settings: Settings;
  context: JobContext;
}

export async function finishMedia(
  parts: WorkerParts,
  { generationId }: { generationId: string },
  context: JobContext,
): Promise<JobResult> {
  const subject = await findFinishSubject(parts.database, generationId);
  if (subject?.stage !== 'fetching') return undefined;
  const finish = { parts, subject, context, settings: await parts.settings.read() };
  if (isWhole(subject)) {
    await complete(finish, { stored: [], passedOn: [] });
    return undefined;
  }
  let account: Account;
  try {
    const { tokenId, provider, target, attemptId, routeKey } = subject;
    account = await openAccount(parts, { tokenId, provider, target, route: { attemptId, key: routeKey } });
  } catch (error) {
    // The account's proxy is needed; that it cannot be asked for counts for nothing, and the deadline bounds it.
    context.log.warn({ tokenId: subject.tokenId, reason: describeFailure(error) }, 'media not fetched yet');
    return { againInMs: pauseMs(finish, subject.tries + 1) };
  }
  try {
    await complete(finish, await fetchAll(finish, account));
    return undefined;
  } catch (error) {
    if (error instanceof NoLongerWanted) return undefined;
    context.signal.throwIfAborted();
    return countFailure(finish, account, error);
  }
}

/** A text is all there is, and it is here. */
function isWhole({ sources, extras }: FinishSubject): boolean {
  return sources.length === 0 && extras.text !== undefined;
}

async function fetchAll(finish: Finish, account: Account): Promise<FinishedMedia> {
  const { subject } = finish;
  try {
    if (subject.sources.length === 0) throw new AddressRefused('the upstream gave no address');
    return await takeEach(finish, account, subject.sources);
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error;
    return takeEach(finish, account, await askForFresh(finish, account));
  }
}

async function takeEach(finish: Finish, account: Account, sources: readonly MediaSource[]): Promise<FinishedMedia> {
  if (!finish.settings['media.store']) return { stored: [], passedOn: passOnMedia(sources, account.target.mediaHosts) };
  return { stored: await fetchEach(finish, account, sources), passedOn: [] };
}

async function fetchEach(finish: Finish, account: Account, sources: readonly MediaSource[]): Promise<StoredResult[]> {
  const { parts, subject, context } = finish;
  const { generationId } = subject;
  const results: StoredResult[] = [];
  const isStillWanted = () => isBeingFetched(parts.database, generationId);
  const mayStore = (storageKey: string) => noteResultFile(parts.database, { generationId, storageKey });
  const { signal } = context;
  try {
    for (const [ordinal, source] of sources.entries()) {
      const fetched = { account, generationId, source, ordinal, signal, isStillWanted, mayStore };
      results.push(await fetchMedia(parts, fetched));
    }
  } catch (error) {
    if (error instanceof NoLongerWanted) await dropUnlessUsed(finish, results);
    throw error;
  }
  crashPoint('finish.after-stored');
  return results;
}

/** Addresses are signed and age; the upstream gives new ones as long as it has the task. */
async function askForFresh({ parts, subject, settings, context }: Finish, account: Account): Promise<MediaSource[]> {
  const { generationId, attemptId, operation } = subject;
  const purpose = { operation: 'media', generationId, attemptId, signal: context.signal, settings };
  const sources = await account.provider.media(operation, callContext(parts, account, purpose));
  if (sources.length === 0) throw new AddressRefused('the upstream gives no address of the media');
  await storeFreshSources(parts.database, generationId, sources);
  context.log.info({ generationId, attemptId }, 'addresses of the media renewed');
  return sources;
}

async function complete({ parts, subject, context }: Finish, media: FinishedMedia): Promise<void> {
  const { stored: results, passedOn } = media;
  const ended = await finishGeneration(parts.database, subject, results, passedOn);
  crashPoint('finish.after-commit');
  if (!ended) return dropUnlessUsed({ parts, subject }, results);
  await announce(parts, [ended]);
  await ringDispatch(parts);
  const sizeBytes = results.reduce((sum, result) => sum + result.sizeBytes, 0);
  context.log.info({ generationId: subject.generationId, sizeBytes }, 'succeeded');
}

/** It ended otherwise while its media came in: unless another worker finished it with the very same files, nobody needs them. */
async function dropUnlessUsed(
  { parts, subject }: Pick<Finish, 'parts' | 'subject'>,
  results: readonly StoredResult[],
): Promise<void> {
  const storageKeys = results.map(({ storageKey }) => storageKey);
  const used = await findUsedFiles(parts.database, { generationId: subject.generationId, storageKeys });
  for (const key of storageKeys) if (!used.has(key)) await parts.storage.delete(key);
}

async function countFailure(finish: Finish, account: Account, error: unknown): Promise<JobResult> {
  const { parts, subject, settings, context } = finish;
  const { generationId, tokenId } = subject;
  const counted = await countFinishTry(parts.database, { generationId, isRefusal: isRefusal(error) });
  if (counted === undefined) return undefined;
  const { tries, refusals } = counted;
  context.log.warn({ generationId, tries, reason: describeFailure(error) }, 'media could not be fetched');
  if (isUpstreamError(error) && error.tokenEffect.effect === 'credential_rejected') {
    await parts.credentials.renew(tokenId, account.credential.version).catch(() => undefined);
  }
  // A character's picture is not what was paid for: it is not waited for as long.
  const counting = subject.extras.character ? tries : refusals;
  if (counting < settings['finish.attempts']) return { againInMs: pauseMs(finish, tries) };
  if (subject.extras.character) {
    // The character is made and can be used by its name; only its picture is missing.
    await complete(finish, { stored: [], passedOn: [] });
    return undefined;
  }
  const message = 'The upstream finished the task, but its media could not be fetched.';
  const failed = await failGeneration(parts.database, generationId, { code: 'media_unavailable', message });
  if (!failed) return undefined;
  await announce(parts, [failed]);
  const keys = [...subject.sources.keys()].flatMap((ordinal) => resultKeys(generationId, ordinal));
  for (const key of keys) await parts.storage.delete(key);
  context.log.error({ generationId, tries }, 'failed, its media could not be fetched');
  return undefined;
}

/** Not that the upstream, the way to it or our own store is away: the work is paid for, and until its deadline they may come back. */
function isRefusal(error: unknown): boolean {
  return [AddressRefused, MediaTooLarge, NotAVideo, WrongMedia].some((refusal) => error instanceof refusal);
}

/** Doubling up to sixteen times the setting: a short hiccup costs little, a long one is outlasted. */
function pauseMs({ parts, settings }: Finish, tries: number): number {
  return settings['finish.retryMs'] * 2 ** Math.min(tries - 1, 4) * (0.75 + parts.random() / 2);
}
