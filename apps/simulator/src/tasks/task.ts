import type { TaskTiming } from './speed.js';

/** What was asked for. A remix comes in by the endpoint of plain videos, but its body is another. */
export const taskKinds = ['image', 'video', 'storyboard', 'remix', 'extension'] as const;
export type TaskKind = (typeof taskKinds)[number];

/** The endpoint that took the submit, by the name that faults and counters know it under. */
export type SubmitEndpoint = 'video_gen' | 'create' | 'storyboard' | 'extension';

/**
 * How a task ends: `unlisted` is in no list at all, `vanishing` is pending and then gone for good; a video among the others becomes
 * a draft, an image stays in the list of recent tasks.
 */
export type Outcome =
  | 'video'
  | 'violation'
  | 'missing_urls'
  | 'image'
  | 'image_failed'
  | 'image_without_url'
  | 'vanishing'
  | 'unlisted';

export type JsonObject = Readonly<Record<string, unknown>>;

export interface ImagePlan {
  readonly type: 'image';
  readonly width: number;
  readonly height: number;
}

export interface VideoPlan {
  readonly type: 'video';
  readonly orientation: 'landscape' | 'portrait';
  readonly size: 'small' | 'large';
  /** At 30 per second. */
  readonly frames: number;
}

export type MediaPlan = ImagePlan | VideoPlan;

/** What a submit asks for, read out of its body. */
export interface TaskPlan<Media extends MediaPlan = MediaPlan> {
  readonly kind: TaskKind;
  readonly endpoint: SubmitEndpoint;
  /** As it was received, whole. */
  readonly body: JsonObject;
  readonly prompt: string;
  /** Null for images, whose submits name none. */
  readonly model: string | null;
  readonly style: string | null;
  /** The share id that is remixed, or the generation that is extended. */
  readonly parent: string | null;
  /** Media ids. */
  readonly uploads: readonly string[];
  /** Character ids of the characters that the prompt names. */
  readonly characters: readonly string[];
  readonly media: Media;
}

/** Who made a request, as far as the wire shows. */
export interface Caller {
  readonly source: string;
  readonly userAgent: string;
}

export interface Submitter extends Caller {
  /** `person` for tasks that the control API made, as if the account's owner had used the app. */
  readonly origin: 'client' | 'person';
  readonly sentinelId: string | null;
}

/** An accepted submit. Nothing in it ever changes: what it is doing now follows from it and the clock. */
export interface Task<Media extends MediaPlan = MediaPlan> extends TaskPlan<Media>, Submitter {
  readonly id: string;
  readonly generationId: string;
  /** E-mail address. */
  readonly account: string;
  readonly createdAt: number;
  readonly timing: TaskTiming;
  readonly outcome: Outcome;
  /** Why, where the outcome is a refusal. */
  readonly reason: string | null;
  /** The same for two submits that ask for the same. */
  readonly fingerprint: string;
}

export function isVideo(task: Task): task is Task<VideoPlan> {
  return task.media.type === 'video';
}

export function isImage(task: Task): task is Task<ImagePlan> {
  return task.media.type === 'image';
}
