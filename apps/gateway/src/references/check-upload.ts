/** The same checks for what lies in the store already: of a video its first bytes are read, of an image as many as tell its size. */
import type { MediaInput } from '@reelay/contracts/request/request-input';
import type { StoredUpload } from '@reelay/contracts/request/stored-upload';
import type { Settings } from '@reelay/contracts/settings';
import { probeImage } from '@reelay/platform/probe-image';
import type { Storage } from '@reelay/platform/storage';
import type { MemoryBudget } from '../http/memory-budget.js';
import { type CheckedReference, checkPixels, checkReference, checkSize, kindOfMedia } from './check-reference.js';

export interface CheckUpload {
  upload: StoredUpload;
  param: string;
  /** What it has to be; either where it is left out. */
  kind?: MediaInput['kind'];
  settings: Settings;
}

/** Enough for what images usually begin with. */
const headBytes = 64 * 1024;

/** @throws AppError `invalid_reference`, `service_unavailable` */
export async function checkUpload(
  parts: { storage: Storage; budget: MemoryBudget },
  { upload, param, kind: wanted, settings }: CheckUpload,
): Promise<CheckedReference & { kind: MediaInput['kind'] }> {
  const head = await readStart(parts.storage, upload, headBytes);
  const kind = wanted ?? kindOfMedia(head, param);
  const media = { kind, param };
  checkSize(upload.sizeBytes, media, settings);
  const checked = { ...(await check(parts, upload, head, media)), kind };
  checkPixels(checked, media, settings);
  return checked;
}

async function check(
  { storage, budget }: { storage: Storage; budget: MemoryBudget },
  upload: StoredUpload,
  head: Buffer,
  media: Pick<MediaInput, 'kind' | 'param'>,
): Promise<CheckedReference> {
  const isEnough = media.kind === 'video' || head.length === upload.sizeBytes || probeImage(head) !== undefined;
  if (isEnough) return checkReference(head, media);
  // Cameras write previews and colour profiles before the size of the picture.
  const lease = await budget.reserve(upload.sizeBytes);
  try {
    return checkReference(await readStart(storage, upload, upload.sizeBytes), media);
  } finally {
    lease.release();
  }
}

async function readStart(storage: Storage, { storageKey, sizeBytes }: StoredUpload, most: number): Promise<Buffer> {
  if (sizeBytes === 0) return Buffer.alloc(0);
  const chunks: Buffer[] = [];
  const end = Math.min(sizeBytes, most) - 1;
  for await (const chunk of await storage.open(storageKey, { start: 0, end })) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
