/** What tests of the Sora provider give it to start from, and what they read of a run. */
import { type MediaFacts, measure } from './media.js';
import { type ImageFormat, sampleImage } from './samples.js';
import type { Run, SoraDriver } from './sora-driver.js';
import { reference, videoRequest } from './sora-requests.js';

/** As much of an MP4 as the simulator looks at. */
const clip = Buffer.from('\0\0\0\x18ftypisom\0\0\x02\0isommp42\0\0\0\x08free', 'latin1');

export async function withImage(sora: SoraDriver, format: ImageFormat) {
  const bytes = await sampleImage(format);
  sora.references.set('picture', bytes);
  return { bytes, image: reference('picture', `image/${format}`, bytes) };
}

export function withClip(sora: SoraDriver) {
  sora.references.set('clip', clip);
  return reference('clip', 'video/mp4', clip);
}

export function doneOf({ outcome }: Run) {
  if (outcome.state !== 'done') throw new Error(`expected a result, got ${JSON.stringify(outcome)}`);
  return outcome;
}

export const measured = (run: Run): Promise<MediaFacts> => measure(doneOf(run).media[0]?.url ?? '');

/** A finished video of the account, and the upstream's name for it. */
export async function madeVideo(sora: SoraDriver, prompt = 'the parent'): Promise<string> {
  const { operation } = doneOf(await sora.run(videoRequest(prompt)));
  if (!operation.draftId?.startsWith('gen_')) throw new Error(`expected a draft, got ${operation.draftId}`);
  return operation.draftId;
}
