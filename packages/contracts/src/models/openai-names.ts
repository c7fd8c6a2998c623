/** OpenAI's own names of video models, which say neither orientation nor length: size and seconds of the request choose among the catalogue's. */
import type { Model } from './model.js';
import { soraModels } from './sora-models.js';

export interface OpenAiName {
  id: string;
  description: string;
  created: number;
  /** What the ids of the models that it may stand for begin with. */
  family: 'sora2' | 'sora2pro';
}

/** 2025-10-06, when OpenAI published both. */
const created = 1_759_708_800;

export const openAiNames: readonly OpenAiName[] = [
  {
    id: 'sora-2',
    description: 'Video generation - a model of sora2-…, chosen by size and seconds',
    created,
    family: 'sora2',
  },
  {
    id: 'sora-2-pro',
    description: 'Video generation - a model of sora2pro-… or sora2pro-hd-…, chosen by size and seconds',
    created,
    family: 'sora2pro',
  },
];

/** Also by the names of snapshots, `sora-2-2025-10-06`. */
export function findOpenAiName(name: string): OpenAiName | undefined {
  const id = name.replace(/-\d{4}-\d{2}-\d{2}$/, '');
  return openAiNames.find((candidate) => candidate.id === id);
}

export interface WantedVideo {
  /** OpenAI's default is a portrait. */
  orientation?: 'landscape' | 'portrait' | undefined;
  seconds?: number | undefined;
  /** Of the longer side, in pixels. */
  longSide?: number | undefined;
}

/** The shortest length that holds what was asked, or the longest there is. */
export function modelOfOpenAiName({ family }: OpenAiName, wanted: WantedVideo): Model {
  const { orientation = 'portrait', seconds = 10, longSide = 0 } = wanted;
  const length = seconds <= 10 ? 10 : seconds <= 15 ? 15 : 25;
  // As at OpenAI, where only the better model has sizes above 1280; in high definition there are no 25 seconds.
  const tier = family === 'sora2pro' && longSide > 1280 && length !== 25 ? 'sora2pro-hd' : family;
  const id = `${tier}-${orientation}-${length}s`;
  const model = soraModels.find((candidate) => candidate.id === id);
  if (!model) throw new Error(`The catalogue has no model "${id}"`);
  return model;
}
