/** Signed links to stored media: whoever has one may read that file until it expires, without a key. */
import { AppError } from '@reelay/contracts/errors';
import type { MediaAsset } from '@reelay/contracts/generation-request';
import { isUlid } from '@reelay/contracts/ids';
import type { Settings } from '@reelay/contracts/settings';
import type { Generation } from '@reelay/db/generations/find-generation';
import { signLink, verifyLink } from '@reelay/platform/signed-link';

export interface MediaLinksOptions {
  webKey: string;
  settings: { read(): Promise<Settings> };
  now?: () => number;
}

type KnownOfMedia = 'completedAt' | 'mediaRemovedAt' | 'result';
const hourMs = 3_600_000;

const extensions: Readonly<Record<string, string>> = {
  'video/mp4': 'mp4',
  'video/webm': 'webm',
  'video/quicktime': 'mov',
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
  'image/gif': 'gif',
};

export function extensionOf(contentType: string): string {
  return extensions[contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''] ?? 'bin';
}

export class MediaLinks {
  readonly #options: MediaLinksOptions;
  readonly #now: () => number;

  constructor(options: MediaLinksOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** The extension is there for clients that judge a link by it. What is not stored here has the upstream's own address. */
  async linkTo(media: Pick<MediaAsset, 'assetId' | 'contentType' | 'url'>, publicUrl: string): Promise<string> {
    if (media.url !== undefined) return media.url;
    const settings = await this.#options.settings.read();
    const expiresAt = new Date(this.#now() + settings['media.linkSeconds'] * 1000);
    const subject = subjectOf(`${media.assetId}.${extensionOf(media.contentType)}`, media.assetId);
    return publicUrl + signLink(this.#options.webKey, subject, expiresAt);
  }

  /** The same for one of a generation's media; null when its file is not kept any more. */
  async linkOf(
    { mediaRemovedAt }: Pick<Generation, 'mediaRemovedAt'>,
    media: MediaAsset,
    publicUrl: string,
  ): Promise<string | null> {
    return mediaRemovedAt && media.url === undefined ? null : this.linkTo(media, publicUrl);
  }

  /** When the files of a generation go, or went; null when there are none, or nobody knows. */
  async expiryOf({ completedAt, mediaRemovedAt, result }: Pick<Generation, KnownOfMedia>): Promise<Date | null> {
    if (!completedAt || !result?.media.some(({ url }) => url === undefined)) return null;
    if (mediaRemovedAt) return mediaRemovedAt;
    const { 'media.keepHours': keepHours } = await this.#options.settings.read();
    return keepHours === 0 ? null : new Date(completedAt.getTime() + keepHours * hourMs);
  }

  /**
   * The asset a link is for.
   * @throws AppError `link_invalid`, `link_expired`
   */
  verify(fileName: string, query: Record<string, unknown>): string {
    const assetId = fileName.split('.', 1)[0] ?? '';
    const subject = subjectOf(fileName, assetId);
    const verdict = isUlid(assetId)
      ? verifyLink(this.#options.webKey, subject, query, new Date(this.#now()))
      : 'invalid';
    if (verdict === 'valid') return assetId;
    if (verdict === 'expired') {
      throw new AppError('link_expired', 'This link is too old: ask for the generation again to get a fresh one.');
    }
    throw new AppError('link_invalid', 'This link is not complete or was changed: copy it again as it was given.');
  }
}

function subjectOf(fileName: string, assetId: string) {
  return { path: `/media/${fileName}`, assetId };
}
