import { setImmediate } from 'node:timers/promises';
import { Encoder } from './h264/encoder.js';
import { mp4File } from './mp4/file.js';
import { Caption } from './picture/caption.js';
import { Landscape } from './picture/landscape.js';
import { paletteFor } from './picture/palette.js';
import { CELL, Picture } from './picture/picture.js';

export interface VideoPlan {
  /** The landscape depends on it: two tasks with one prompt share the colours, not the hills. */
  readonly seed: string;
  readonly prompt: string;
  readonly model: string;
  readonly orientation: 'landscape' | 'portrait';
  readonly size: 'small' | 'large';
  readonly frameCount: number;
  /** Stands before the prompt in the picture: what the prompt does not say. */
  readonly label?: string;
}

const FRAMES_PER_SECOND = 30;
/** The landscape moves at half the frame rate: nobody sees the difference, and the file is half as large. */
const LANDSCAPE_EVERY = 2;

/** The event loop gets its turn this often; a whole video takes some 30 ms, and the first one of a process more. */
const SLICE_MS = 8;

/** Makes the whole video; the same plan gives the same bytes. */
export async function renderVideo(plan: VideoPlan): Promise<Buffer> {
  const { width, height } = frameSize(plan);
  const picture = new Picture(width, height);
  const palette = paletteFor(plan.prompt);
  // A whole number of macroblocks, so that no macroblock holds both moving landscape and raw text.
  const horizon = Math.round((height * 0.57) / 16) * (16 / CELL);
  const landscape = new Landscape(picture, palette, horizon, plan.seed);
  const seconds = plan.frameCount / FRAMES_PER_SECOND;
  const details = `simulated · ${plan.model}`;
  const prompt = [plan.label, plan.prompt].filter(Boolean).join(' · ');
  const caption = new Caption(picture, palette, horizon, { prompt, details, seconds });
  const encoder = new Encoder(picture);
  const frames: Uint8Array[] = [];
  let sliceStart = performance.now();
  for (let frame = 0; frame < plan.frameCount; frame += 1) {
    const time = frame / (plan.frameCount - 1);
    if (frame % LANDSCAPE_EVERY === 0) landscape.paint(time);
    caption.paint(time);
    frames.push(frame === 0 ? encoder.encodeKeyFrame() : encoder.encodeChanges());
    if (performance.now() - sliceStart < SLICE_MS) continue;
    await setImmediate();
    sliceStart = performance.now();
  }
  const { sequenceParameters, pictureParameters } = encoder;
  return mp4File({ width, height, framesPerSecond: FRAMES_PER_SECOND, sequenceParameters, pictureParameters, frames });
}

export function frameSize({ orientation, size }: Pick<VideoPlan, 'orientation' | 'size'>): {
  width: number;
  height: number;
} {
  const [long, short] = size === 'large' ? [1280, 720] : [640, 360];
  return orientation === 'landscape' ? { width: long, height: short } : { width: short, height: long };
}
