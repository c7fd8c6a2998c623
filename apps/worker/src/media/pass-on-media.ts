/** Finished media that are not stored here: their upstream's addresses go to the client as they are. */
import type { MediaAsset } from '@reelay/contracts/generation-request';
import type { MediaSource } from '@reelay/contracts/provider';
import { isHostAllowed } from '@reelay/platform/download';
import { newUlid } from '@reelay/platform/ulid';
import { AddressRefused } from './fetch-media.js';

/** As upstreams mostly make them; nobody looks. */
const likelyTypes = { video: 'video/mp4', image: 'image/png' } as const;

/** Only what would also be fetched: an address that leads anywhere else is no result. @throws AddressRefused */
export function passOnMedia(sources: readonly MediaSource[], allowedHosts: readonly string[]): MediaAsset[] {
  return sources.map(({ url, kind }) => {
    if (!URL.canParse(url) || !isHostAllowed(new URL(url), allowedHosts)) {
      throw new AddressRefused('the address is of a place that media may not come from');
    }
    return { assetId: newUlid(), contentType: likelyTypes[kind], sizeBytes: 0, url };
  });
}
