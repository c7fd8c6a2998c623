/** What the two kinds of picture are, in ffmpeg's words. Pure. */
import type { VideoVariant } from '@reelay/db/assets/variants';

export interface Picture {
  contentType: string;
  extension: string;
  filters: readonly string[];
}

/** Frames of a sheet, row by row, evenly over the video. */
const columns = 5;
const rows = 5;
/** Of one frame: its longer side, in pixels. */
const frameSide = 240;
const thumbnailSide = 1280;

export function pictureOf(variant: VideoVariant, durationMs: number): Picture {
  return variant === 'thumbnail' ? thumbnail : spritesheet(durationMs);
}

/** The frame of the first second that is most like the others: the first one alone is often black. */
const thumbnail: Picture = {
  contentType: 'image/webp',
  extension: 'webp',
  filters: ['-vf', `thumbnail=30,${fit(thumbnailSide)}`, '-frames:v', '1', '-c:v', 'libwebp', '-quality', '80'],
};

function spritesheet(durationMs: number): Picture {
  const everyMs = Math.max(1, Math.floor(durationMs / (columns * rows)));
  const sheet = `fps=1000/${everyMs}:round=up,${fit(frameSide)},tile=${columns}x${rows}`;
  return {
    contentType: 'image/jpeg',
    extension: 'jpg',
    filters: ['-vf', sheet, '-frames:v', '1', '-c:v', 'mjpeg', '-q:v', '4'],
  };
}

/** Never larger than it is; sides are even, as the encoders want them. */
function fit(side: number): string {
  const box = `'min(${side},iw)':'min(${side},ih)'`;
  return `scale=${box}:force_original_aspect_ratio=decrease:force_divisible_by=2,setsar=1`;
}
