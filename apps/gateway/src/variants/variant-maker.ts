/**
 * Makes a thumbnail or spritesheet of a stored video the first time somebody asks for it. Nothing waits for it but that request; few are made
 * at once, each within limits, and a video of which none can be made is not tried again for a while.
 */
import { Readable } from 'node:stream';
import { AppError } from '@reelay/contracts/errors';
import type { Asset } from '@reelay/db/assets/find-asset';
import { insertVariant, noteVariantFile, type VideoVariant } from '@reelay/db/assets/variants';
import type { Database } from '@reelay/db/client';
import type { Logger } from '@reelay/platform/logger';
import { probeImage } from '@reelay/platform/probe-image';
import type { Storage } from '@reelay/platform/storage';
import { newUlid } from '@reelay/platform/ulid';
import { borrowFile } from './borrow-file.js';
import { findProgram } from './find-program.js';
import { pictureOf } from './pictures.js';
import { FfmpegError, runFfmpeg } from './run-ffmpeg.js';
import { Turns } from './turns.js';

export interface VariantMakerOptions {
  database: Database;
  storage: Storage;
  log: Logger;
  /** Aborted when the process begins to stop. */
  stopping: AbortSignal;
  /** A path, or a name that is looked for in the folders of `searchPath`. */
  ffmpeg: string;
  searchPath: string;
}

export interface MakeVariant {
  video: Asset;
  generationId: string;
  variant: VideoVariant;
  durationMs: number;
}

/** Temporary copies of so many bytes may lie on the disk at once. */
const atOnce = 2;
const mostVideoBytes = 100 * 1024 * 1024;
const mostPictureBytes = 8 * 1024 * 1024;
const mostWaiting = 20;
const timeoutMs = 60_000;
const notAgainMs = 60_000;
const mostRemembered = 1_000;

export class VariantMaker {
  readonly #options: VariantMakerOptions;
  readonly #turns = new Turns({ atOnce, mostWaiting });
  readonly #making = new Map<string, Promise<Asset>>();
  /** When it may be tried again. */
  readonly #failed = new Map<string, number>();

  constructor(options: VariantMakerOptions) {
    this.#options = options;
  }

  /** @throws AppError `variant_unavailable`, `not_found` when it was deleted meanwhile, `service_unavailable` when too many wait */
  make(wanted: MakeVariant): Promise<Asset> {
    const name = `${wanted.generationId} ${wanted.variant}`;
    const running = this.#making.get(name);
    if (running) return running;
    const making = this.#makeOnce(name, wanted).finally(() => this.#making.delete(name));
    this.#making.set(name, making);
    return making;
  }

  async #makeOnce(name: string, wanted: MakeVariant): Promise<Asset> {
    const program = await findProgram(this.#options.ffmpeg, this.#options.searchPath);
    if (program === undefined) throw missing();
    if ((this.#failed.get(name) ?? 0) > Date.now()) throw unusable();
    return this.#turns.take(async () => {
      try {
        return await this.#store(wanted, await this.#draw(program, wanted));
      } catch (error) {
        throw this.#explain(name, error);
      }
    });
  }

  async #draw(program: string, { video, variant, durationMs }: MakeVariant): Promise<Buffer> {
    const { storage, searchPath, stopping } = this.#options;
    if (video.sizeBytes > mostVideoBytes) throw new FfmpegError('failed', 'the video is too large');
    const { filters } = pictureOf(variant, durationMs);
    const demuxer = video.contentType === 'video/webm' ? 'matroska' : 'mov';
    const limits = { timeoutMs, mostBytes: mostPictureBytes, signal: stopping };
    return borrowFile(storage, video.storageKey, (input) =>
      runFfmpeg({ program, searchPath, input, demuxer, filters, ...limits }),
    );
  }

  async #store({ video, generationId, variant, durationMs }: MakeVariant, picture: Buffer): Promise<Asset> {
    const { database, storage } = this.#options;
    const { contentType, extension } = pictureOf(variant, durationMs);
    const assetId = newUlid();
    const storageKey = `results/${generationId}/${assetId}-${variant}.${extension}`;
    if (!(await noteVariantFile(database, { generationId, storageKey }))) throw deleted();
    const stored = await storage.put(storageKey, Readable.from([picture]));
    const asset = await insertVariant(database, {
      ...{
        ...stored,
        ...probeImage(picture),
        assetId,
        generationId,
        ownerId: video.ownerId,
        variant,
        storageKey,
        contentType,
      },
    });
    if (asset?.id !== assetId) await storage.delete(storageKey);
    if (!asset) throw deleted();
    return asset;
  }

  #explain(name: string, error: unknown): unknown {
    if (!(error instanceof FfmpegError)) return error;
    if (error.kind === 'missing') return missing();
    if (error.kind === 'aborted')
      return new AppError('gateway_restarting', 'The gateway is being restarted: ask again.');
    this.#options.log.warn({ variant: name, reason: error.message }, 'no picture could be made of a video');
    if (this.#failed.size >= mostRemembered) this.#failed.clear();
    this.#failed.set(name, Date.now() + notAgainMs);
    return unusable();
  }
}

function missing(): AppError {
  return new AppError(
    'variant_unavailable',
    'Thumbnails and spritesheets are made with ffmpeg, which this installation does not have: ask the operator to install it (Debian: apt-get install ffmpeg) or to set FFMPEG_PATH.',
    { param: 'variant' },
  );
}

function unusable(): AppError {
  return new AppError('variant_unavailable', 'No picture could be made of this video: use the video itself.', {
    param: 'variant',
  });
}

function deleted(): AppError {
  return new AppError('not_found', 'The file of this video was deleted.');
}
