import sharp from 'sharp';
import { type Answer, plainBody, type RunningSimulator } from './start-simulator.js';

export const PLUS = 'plus@simulator.test';
export const PRO = 'pro@simulator.test';

export const imageBody = {
  type: 'image_gen',
  operation: 'simple_compose',
  prompt: 'A lighthouse in the fog',
  width: 360,
  height: 360,
  n_variants: 1,
  n_frames: 1,
  inpaint_items: [],
};

export const remixBody = {
  kind: 'video',
  prompt: 'The same in ink',
  inpaint_items: [],
  remix_target_id: `s_${'0123456789abcdef'.repeat(2)}`,
  cameo_ids: [],
  cameo_replacements: {},
  model: 'sy_8',
  orientation: 'portrait',
  n_frames: 450,
  style_id: null,
};

export const storyboardBody = {
  kind: 'video',
  prompt: 'Shot 1:\nduration: 5.0sec\nScene: a jump\n\nShot 2:\nduration: 5sec\nScene: land',
  title: 'Draft your video',
  orientation: 'landscape',
  size: 'small',
  n_frames: 300,
  storyboard_id: null,
  inpaint_items: [],
  remix_target_id: null,
  model: 'sy_8',
  metadata: null,
  style_id: null,
  cameo_ids: null,
  cameo_replacements: null,
  audio_caption: null,
  audio_transcript: null,
  video_caption: null,
};

export const extensionBody = { user_prompt: 'And then it rains', extension_duration_s: 10, enable_rewrite: true };

export interface Made {
  id: string;
}

/** A file of a form, or the text of a field. */
export type FormPart = string | { readonly content: Buffer; readonly fileName: string; readonly type: string };

export const png = (width = 8, height = 6) => picture('png', width, height);
/** As much of a video as a client's upload is looked at. */
export const mp4 = {
  content: Buffer.from('\0\0\0\u0018ftypisom\0\0\0\0isommp42', 'latin1'),
  fileName: 'video.mp4',
  type: 'video/mp4',
};

export function picture(format: 'png' | 'jpeg' | 'webp' | 'gif', width = 8, height = 6): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: '#804020' } })
    .toFormat(format)
    .toBuffer();
}

/** What a client of the upstream does, for tests that are about what comes back. */
export function clientOf(simulator: RunningSimulator) {
  const authorization = async (email = PLUS) => `Bearer ${await simulator.accessToken(email)}`;

  /** A call that costs something. */
  async function submit<Json = Made>(path: string, body: unknown, email?: string): Promise<Answer<Json>> {
    const sentinel = await simulator.sentinelHeader(await simulator.accessToken(email));
    const headers = { authorization: await authorization(email), 'openai-sentinel-token': sentinel };
    return simulator.send(path, body, headers);
  }

  async function post<Json = Made>(path: string, body: unknown, email?: string): Promise<Answer<Json>> {
    return simulator.send(path, body, { authorization: await authorization(email) });
  }

  async function remove(path: string, email?: string): Promise<Answer<unknown>> {
    return simulator.call(path, { method: 'DELETE', headers: { authorization: await authorization(email) } });
  }

  async function form<Json = Made>(
    path: string,
    parts: readonly (readonly [string, FormPart])[],
    email?: string,
  ): Promise<Answer<Json>> {
    const body = new FormData();
    for (const [name, part] of parts) {
      if (typeof part === 'string') body.append(name, part);
      else body.append(name, new Blob([new Uint8Array(part.content)], { type: part.type }), part.fileName);
    }
    return simulator.call(path, { method: 'POST', headers: { authorization: await authorization(email) }, body });
  }

  async function upload(content?: Buffer, email?: string): Promise<Answer<Made>> {
    const file = { content: content ?? (await png()), fileName: 'image.png', type: 'image/png' };
    return form(
      '/backend/uploads',
      [
        ['file', file],
        ['file_name', 'image.png'],
      ],
      email,
    );
  }

  /** Makes a video and lets the time pass until it is a draft; returns its generation id. */
  async function draft(body: object = plainBody, email?: string): Promise<string> {
    const { id } = (await simulator.create(body, email)).json;
    simulator.clock.now += 10_000;
    const { items } = (await simulator.drafts('', email)).json;
    return items.find((item) => item.task_id === id)?.id ?? '';
  }

  return { submit, post, remove, form, upload, draft };
}

export type Client = ReturnType<typeof clientOf>;
