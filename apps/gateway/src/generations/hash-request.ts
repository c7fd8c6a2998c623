/** What a request is recognised by when its client sends it again. Pure. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '@reelay/contracts/canonical-json';
import type { Model } from '@reelay/contracts/models';
import type { RequestInput } from '@reelay/contracts/request/request-input';
import type { GivenMedia } from '../references/read-media-input.js';

export interface RequestIdentity {
  /** The same words mean something else on another route. */
  route: string;
  model: Model;
  input: Omit<RequestInput, 'media'>;
  media: readonly GivenMedia[];
}

/** Of all that decides what is made, and of media their digest: equal requests are equal however their base64 was wrapped. */
export function hashRequest({ route, model, input, media }: RequestIdentity): string {
  const { prompt, remixTarget, source, characters, asked } = input;
  const identity = {
    route,
    model: model.id,
    prompt,
    remixTarget: remixTarget?.text,
    source: source?.text,
    characters: characters?.map(({ id }) => id),
    asked,
    media: media.map(({ kind, identity: what }) => ({ kind, what })),
  };
  return createHash('sha256').update(canonicalJson(identity)).digest('hex');
}
