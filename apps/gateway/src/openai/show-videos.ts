/** Video objects with what only the lanes know: the place of what still waits. */
import { pageOf } from '@reelay/contracts/openai/page';
import type { Generation } from '@reelay/db/generations/find-generation';
import type { GatewayParts } from '../gateway-parts.js';
import { type ListOwn, listGenerations } from '../generations/list-generations.js';
import { waitingFieldsOf } from '../generations/waiting-fields.js';
import { videoObjectOf } from './video-object.js';

export async function showVideo(parts: GatewayParts, generation: Generation, publicUrl: string) {
  const video = await videoObjectOf(generation, parts.links, publicUrl);
  return { ...video, ...(await waitingFieldsOf(parts, generation)) };
}

/** Of every dialect and provider: what makes a video is one of the owner's videos. @throws AppError `invalid_value`, `not_found` */
export async function listVideos(parts: GatewayParts, list: Omit<ListOwn, 'kind'>, publicUrl: string) {
  const { data, hasMore } = await listGenerations(parts, { ...list, kind: 'video' });
  const videos = data.map(async ({ generation, waiting }) => ({
    ...(await videoObjectOf(generation, parts.links, publicUrl)),
    ...waiting,
  }));
  return pageOf(await Promise.all(videos), hasMore);
}
