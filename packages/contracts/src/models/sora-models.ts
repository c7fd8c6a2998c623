/** Sora's models under sora2api's ids. Source: sora-web.md 3.4. */
import { framesPerSecond } from '../frames-per-second.js';
import { styleIds } from '../prompt/styles.js';
import type { EnhanceLevel, Model, Orientation } from './model.js';

/** 2026-01-21, when sora2api had the ids; those marked so came on 2026-03-07. */
const firstCreated = 1_768_953_600;
const laterCreated = 1_772_841_600;

const anyPlan = { plan: 'any', sora2: true } as const;
const proPlan = { plan: 'pro', sora2: true } as const;

/** What has no picture, no length and takes no files; each maker says what differs. */
const plain = {
  provider: 'sora',
  created: firstCreated,
  orientation: 'landscape',
  seconds: 0,
  size: '',
  width: 0,
  height: 0,
  frames: 0,
  upstream: { model: '', size: '' },
  requires: anyPlan,
  styles: [],
  references: { images: 0, videos: 0 },
  remix: false,
  storyboard: false,
  extends: false,
} as const satisfies Partial<Model>;

/** In the order of sora2api's list. */
export const soraModels: readonly Model[] = [
  image('gpt-image', 'square', 360, 360),
  image('gpt-image-landscape', 'landscape', 540, 360),
  image('gpt-image-portrait', 'portrait', 360, 540),
  ...standardVideos(10),
  ...standardVideos(15),
  extension(10),
  extension(15),
  // In sora2api's code, not in its README: 25 seconds need Pro, of the standard model too.
  ...standardVideos(25),
  ...proVideos(10),
  ...proVideos(15),
  ...proVideos(25),
  ...proHdVideos(10),
  ...proHdVideos(15),
  ...enhancements('short'),
  ...enhancements('medium'),
  ...enhancements('long'),
  avatarCreate(),
];

function image(id: string, orientation: Orientation, width: number, height: number): Model {
  return {
    ...plain,
    id,
    kind: 'image',
    workflow: 'image',
    description: `Image generation - ${width}x${height}`,
    orientation,
    ...sized(width, height),
    frames: 1,
    requires: { plan: 'any', sora2: false },
    references: { images: 1, videos: 0 },
  };
}

function standardVideos(seconds: 10 | 15 | 25): Model[] {
  const requires = seconds === 25 ? proPlan : anyPlan;
  return bothWays('sora2', seconds, { requires, upstream: { model: 'sy_8', size: 'small' } });
}

function proVideos(seconds: 10 | 15 | 25): Model[] {
  return bothWays('sora2pro', seconds, { requires: proPlan, upstream: { model: 'sy_ore', size: 'small' } });
}

function proHdVideos(seconds: 10 | 15): Model[] {
  return bothWays('sora2pro-hd', seconds, { requires: proPlan, upstream: { model: 'sy_ore', size: 'large' } });
}

type Tier = Pick<Model, 'requires' | 'upstream'>;

function bothWays(prefix: string, seconds: number, tier: Tier): Model[] {
  return (['landscape', 'portrait'] as const).map((orientation) => video(prefix, orientation, seconds, tier));
}

function video(prefix: string, orientation: Orientation, seconds: number, tier: Tier): Model {
  const [long, short] = tier.upstream.size === 'large' ? [1280, 720] : [640, 360];
  return {
    ...plain,
    id: `${prefix}-${orientation}-${seconds}s`,
    kind: 'video',
    workflow: 'video',
    description: `Video generation - ${orientation}, ${seconds} seconds${tierName(tier)}`,
    orientation,
    seconds,
    ...(orientation === 'landscape' ? sized(long, short) : sized(short, long)),
    frames: seconds * framesPerSecond,
    ...tier,
    styles: styleIds,
    // A video is for the character in it: alone it makes the character, with a prompt the character plays in the new video.
    references: { images: 1, videos: 1 },
    remix: true,
    storyboard: true,
  };
}

function tierName({ upstream }: Tier): string {
  if (upstream.model !== 'sy_ore') return '';
  return upstream.size === 'large' ? ', Pro HD' : ', Pro';
}

/** Orientation and size are those of the draft. */
function extension(seconds: 10 | 15): Model {
  return {
    ...plain,
    id: `sora2-extension-${seconds}s`,
    kind: 'video',
    workflow: 'extension',
    description: `Video generation - long video extension (${seconds}s)`,
    created: laterCreated,
    seconds,
    frames: seconds * framesPerSecond,
    extends: true,
  };
}

function enhancements(level: EnhanceLevel): Model[] {
  return [10, 15, 20].map((seconds) => ({
    ...plain,
    id: `prompt-enhance-${level}-${seconds}s`,
    kind: 'enhance',
    workflow: 'enhance',
    description: `Prompt enhancement - ${level} (${seconds}s)`,
    enhance: { level, seconds },
  }));
}

function avatarCreate(): Model {
  return {
    ...plain,
    id: 'avatar-create',
    kind: 'character',
    workflow: 'character',
    description: 'Character creation - name and avatar from a video',
    created: laterCreated,
    references: { images: 0, videos: 1 },
  };
}

function sized(width: number, height: number): Pick<Model, 'size' | 'width' | 'height'> {
  return { size: `${width}x${height}`, width, height };
}
