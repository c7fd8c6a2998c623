/** What a model of the catalogue says of itself. */
import type { GenerationKind } from '../domain.js';
import type { Workflow } from '../generation-request.js';
import type { StyleId } from '../prompt/styles.js';

export type Orientation = 'landscape' | 'portrait' | 'square';

/** How the model is worked when nothing in the request (a share id, shots, a video) asks for another workflow. */
export type ModelWorkflow = Extract<Workflow, 'image' | 'video' | 'extension' | 'character' | 'enhance'>;

export interface Model {
  id: string;
  /** What comes out of it. */
  kind: GenerationKind;
  workflow: ModelWorkflow;
  provider: string;
  description: string;
  /** Unix seconds; when the id entered the catalogue. */
  created: number;
  /** Without meaning where there is no picture (`enhance`, `character`) or it follows the draft (`extension`). */
  orientation: Orientation;
  /** Length of the video, of an extension what is added, whole seconds; 0 for what has no length. */
  seconds: number;
  /**
   * Nominal `WIDTHxHEIGHT` in pixels; a finished video reports the size it really has. Empty where there is no picture or it follows the
   * draft.
   */
  size: string;
  /** The two numbers of `size`; 0 where it is empty. */
  width: number;
  height: number;
  /** 30 frames a second upstream; 1 for images, 0 for what has none. */
  frames: number;
  /** The upstream's own names; empty where its call has no such field. */
  upstream: { model: string; size: string };
  /** What a token must be able to. Only Sora's videos and what belongs to them need its second generation. */
  requires: { plan: 'any' | 'pro'; sora2: boolean };
  /** Styles that a prompt may ask for; empty where the upstream's call takes none. */
  styles: readonly StyleId[];
  /** How many images and videos one request may bring along. */
  references: { images: number; videos: number };
  /** Whether a share link or id in the prompt makes a remix of it. */
  remix: boolean;
  /** Whether `[5.0s]` in the prompt makes shots of it. */
  storyboard: boolean;
  /** Whether it continues a draft that the prompt names. */
  extends: boolean;
  /** How much it makes of a prompt, and for a video of which length. */
  enhance?: { level: EnhanceLevel; seconds: number };
}

export type EnhanceLevel = 'short' | 'medium' | 'long';
