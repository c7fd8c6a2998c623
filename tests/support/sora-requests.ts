/** Requests as the gateway makes them, one of each workflow. */
import type { GenerationRequest, Reference } from '@reelay/contracts/generation-request';

type Changes = Partial<GenerationRequest>;

export function videoRequest(prompt: string, changes: Changes = {}): GenerationRequest {
  return {
    kind: 'video',
    workflow: 'video',
    model: 'sora2-landscape-10s',
    prompt,
    references: [],
    orientation: 'landscape',
    seconds: 10,
    frames: 300,
    upstream: { model: 'sy_8', size: 'small' },
    ...changes,
  };
}

export function imageRequest(prompt: string, changes: Changes = {}): GenerationRequest {
  return videoRequest(prompt, {
    kind: 'image',
    workflow: 'image',
    model: 'gpt-image-portrait',
    orientation: 'portrait',
    width: 360,
    height: 540,
    seconds: 0,
    frames: 1,
    upstream: { model: '', size: '' },
    ...changes,
  });
}

export function characterRequest(changes: Changes = {}): GenerationRequest {
  return videoRequest('', {
    kind: 'character',
    workflow: 'character',
    model: 'avatar-create',
    seconds: 0,
    frames: 0,
    upstream: { model: '', size: '' },
    ...changes,
  });
}

export function enhanceRequest(prompt: string, enhance: GenerationRequest['enhance']): GenerationRequest {
  return videoRequest(prompt, {
    kind: 'enhance',
    workflow: 'enhance',
    model: 'prompt-enhance',
    enhance,
    seconds: 0,
    frames: 0,
    upstream: { model: '', size: '' },
  });
}

export function reference(assetId: string, contentType: string, bytes: Uint8Array): Reference {
  return {
    assetId,
    kind: contentType.startsWith('image/') ? 'image' : 'video',
    contentType,
    sizeBytes: bytes.length,
  };
}
