/** The catalogue of models as data: what clients may ask for, and what each means upstream. Drives /v1/models, lanes and adaptors. */

import type { GenerationKind } from './domain.js';
import { AppError } from './errors.js';
import type { Lane } from './lane.js';

export type Orientation = 'landscape' | 'portrait' | 'square';

export interface Model {
  id: string;
  kind: GenerationKind;
  provider: string;
  description: string;
  /** Unix seconds; when the id entered the catalogue. */
  created: number;
  orientation: Orientation;
  /** Length of the video, whole seconds. */
  seconds: number;
  /** Nominal `WIDTHxHEIGHT` in pixels; a finished video reports the size it really has. */
  size: string;
  /** 30 frames a second upstream. */
  frames: number;
  /** The upstream's own names. */
  upstream: { model: string; size: string };
  requires: { plan: 'any' | 'pro'; sora2: boolean };
}

const standardVideo = (orientation: 'landscape' | 'portrait', seconds: 10 | 15): Model => ({
  id: `sora2-${orientation}-${seconds}s`,
  kind: 'video',
  provider: 'sora',
  description: `Video generation - ${orientation}, ${seconds} seconds`,
  created: 1_768_953_600,
  orientation,
  seconds,
  size: orientation === 'landscape' ? '640x360' : '360x640',
  frames: seconds * 30,
  upstream: { model: 'sy_8', size: 'small' },
  requires: { plan: 'any', sora2: true },
});

export const models: readonly Model[] = [
  standardVideo('landscape', 10),
  standardVideo('portrait', 10),
  standardVideo('landscape', 15),
  standardVideo('portrait', 15),
];

const byId = new Map(models.map((model) => [model.id, model]));

export function findModel(id: string): Model | undefined {
  return byId.get(id);
}

/** @throws AppError `model_not_found` */
export function getModel(id: string): Model {
  const model = findModel(id);
  if (model) return model;
  throw new AppError('model_not_found', `There is no model "${id}". GET /v1/models lists the ids you can use.`, {
    param: 'model',
  });
}

export function laneOfModel(model: Model): Lane {
  return { provider: model.provider, kind: model.kind, plan: model.requires.plan, sora2: model.requires.sora2 };
}
