import type { GenerationRequest, Reference } from '@reelay/contracts/generation-request';
import { textRequest } from './contexts.js';

export const shareId = `s_${'0123456789abcdef'.repeat(2)}`;
export const draftId = 'gen_01kcxvs35fesdt4994xkeyhvb2';

export const image: Reference = { assetId: 'picture', kind: 'image', contentType: 'image/png', sizeBytes: 9 };
export const video: Reference = { assetId: 'clip', kind: 'video', contentType: 'video/mp4', sizeBytes: 9 };

/** One request of every workflow, as the gateway makes them. */
export const imageRequest: GenerationRequest = {
  ...textRequest,
  kind: 'image',
  workflow: 'image',
  model: 'gpt-image-landscape',
  prompt: 'A {retro} tram  in the rain',
  width: 540,
  height: 360,
  seconds: 0,
  frames: 1,
  upstream: { model: '', size: '' },
};

export const storyboardRequest: GenerationRequest = {
  ...textRequest,
  workflow: 'storyboard',
  model: 'sora2pro-hd-portrait-15s',
  prompt: 'Intro\n[5.0s]a jump [5s]land',
  storyboard: {
    instructions: 'Intro',
    shots: [
      { seconds: '5.0', scene: 'a jump' },
      { seconds: '5', scene: 'land' },
    ],
  },
  orientation: 'portrait',
  seconds: 15,
  frames: 450,
  upstream: { model: 'sy_ore', size: 'large' },
};

export const remixRequest: GenerationRequest = {
  ...textRequest,
  workflow: 'remix',
  prompt: 'make it snow',
  style: 'anime',
  parent: { type: 'share', id: shareId },
};

export const ownRemixRequest: GenerationRequest = { ...remixRequest, parent: { type: 'draft', id: draftId } };

export const extensionRequest: GenerationRequest = {
  ...textRequest,
  workflow: 'extension',
  model: 'sora2-extension-15s',
  prompt: 'a meteor shower',
  parent: { type: 'draft', id: draftId },
  seconds: 15,
  frames: 450,
  upstream: { model: '', size: '' },
};

export const characterRequest: GenerationRequest = {
  ...textRequest,
  kind: 'character',
  workflow: 'character',
  model: 'avatar-create',
  prompt: '',
  references: [video],
  seconds: 0,
  frames: 0,
  upstream: { model: '', size: '' },
};

export const characterVideoRequest: GenerationRequest = {
  ...textRequest,
  workflow: 'character_video',
  prompt: 'dances in the rain',
  references: [video],
};

export const enhanceRequest: GenerationRequest = {
  ...textRequest,
  kind: 'enhance',
  workflow: 'enhance',
  model: 'prompt-enhance-long-20s',
  prompt: 'a cat',
  enhance: { level: 'long', seconds: 20 },
  seconds: 0,
  frames: 0,
  upstream: { model: '', size: '' },
};
