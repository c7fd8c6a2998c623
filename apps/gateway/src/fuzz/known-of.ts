/** What a client of this gateway knows: its own things, those of somebody else, and what the gateway offers. */
import { getModel } from '@reelay/contracts/models';
import type { Things } from '../testing/make-things.js';
import { dataUri, sampleMp4, samplePng } from '../testing/sample-media.js';
import { FormFile, type KnownValues } from './known-values.js';

export interface KnownThings {
  own: Things;
  foreign: Things;
  models: readonly string[];
  eventTypes: readonly string[];
  apiKeyId: string;
}

const png = samplePng(32, 18);
const mp4 = sampleMp4(500);
const images = [dataUri('image/png', png), png.toString('base64'), 'http://127.0.0.1:9/boat.png'];
const videos = [dataUri('video/mp4', mp4), mp4.toString('base64'), 'http://127.0.0.1:9/boat.mp4'];

export function knownOf({ own, foreign, models, eventTypes, apiKeyId }: KnownThings): KnownValues {
  const [someVideos, someFiles] = [
    [own.video, own.video, foreign.video],
    [own.file, own.file, foreign.file],
  ];
  const inPaths = (things: readonly Things[]) => (name: keyof Things) => things.map((each) => each[name]);
  const of = inPaths([own, own, own, foreign]);
  return {
    byName: {
      model: [...models, 'sora-2', 'sora-2-pro', 'gpt-image-1', 'dall-e-3', getModel('avatar-create').id],
      prompt: prompts(own),
      text: prompts(own),
      content: prompts(own),
      role: ['user', 'user', 'system', 'assistant'],
      image_url: images,
      image: images,
      images: [[{ image_url: images[0] }], [{ file_id: own.file }, { file_id: own.file }]],
      video_url: videos,
      video: [{ id: own.video }, { id: foreign.video }, { id: own.character }, ...videos],
      input_reference: [{ image_url: images[0] }, { file_id: own.file }, images[0]],
      file_data: [...images, ...videos],
      file_id: someFiles,
      id: [own.video, own.character, foreign.video, foreign.character],
      url: ['http://127.0.0.1:9/hook', ...images],
      remix_target_id: [
        ...someVideos,
        's_0123456789abcdef0123456789abcdef',
        'https://sora.chatgpt.com/p/s_0123456789abcdef0123456789abcdef',
      ],
      seconds: ['4', 8, '10', 15, 3_600, '7200', 'ten'],
      size: ['1280x720', '720x1280', '1024x1024', 'auto', '0x0', '999999x1', '1x'],
      n: [1, 1, '1', 2, 10, 11],
      event_types: [eventTypes.slice(0, 1), eventTypes.slice(0, 3), eventTypes],
      event_type: eventTypes,
      'idempotency-key': ['key-1', 'key-2', 'k'.repeat(255)],
      after: [...someVideos, own.file, own.endpoint, own.delivery, '0', '1', '5'],
      limit: ['0', '1', '20', '100', '10000'],
      'last-event-id': ['0', '1', '2', '999'],
      range: ['bytes=0-9', 'bytes=-5', 'bytes=500-', 'bytes=0-', 'bytes=5000-'],
      'if-modified-since': [new Date(0).toUTCString(), new Date().toUTCString()],
      start: ['2026-11-01', '2000-01-01', '2026-11-22'],
      end: ['2026-11-22', '2026-11-23'],
      group_by: ['day', 'model', 'kind', 'day,model', 'model, kind,day', 'day,'],
      purpose: ['vision', 'user_data'],
    },
    inPaths: {
      ...ofRoutes('/v1/videos/:id', ['', '/cancel', '/content', '/remix'], of('video')),
      ...ofRoutes('/v1/videos/characters/:id', [''], of('character')),
      ...ofRoutes('/v1/generations/:id', ['', '/cancel', '/events'], [...of('video'), own.character]),
      ...ofRoutes('/v1/files/:id', ['', '/content'], of('file')),
      ...ofRoutes(
        '/v1/webhook_endpoints/:id',
        ['', '/rotate_secret', '/test', '/deliveries', '/deliveries/:delivery/replay'],
        of('endpoint'),
      ),
      '/v1/webhook_endpoints/:id/deliveries/:delivery/replay :delivery': of('delivery'),
      '/v1/models/* *': models,
      ...ofRoutes('/api/admin/api-keys/:id', ['', '/usage'], [apiKeyId]),
    },
    files: [
      new FormFile('boat.png', 'image/png', png),
      new FormFile('boat.mp4', 'video/mp4', mp4),
      new FormFile('', 'application/octet-stream', png),
      new FormFile('empty.png', 'image/png', Buffer.alloc(0)),
      new FormFile('liar.png', 'image/png', Buffer.from('<svg onload="x"/>')),
      new FormFile('cut.png', 'image/png', png.subarray(0, 20)),
      new FormFile('boat.mp4', 'video/mp4', mp4.subarray(0, 9)),
    ],
  };
}

function prompts({ video, character }: Things): string[] {
  return [
    ...[
      'A paper boat on a lake at dawn',
      'boat {anime}',
      '[5.0s]a boat [5.0s]a lake',
      '[99999999s]x',
      '{retro}{nope}',
      '@fox.742 waves',
    ],
    ...[
      `Go on with ${video}`,
      `@${character} waves`,
      'https://sora.chatgpt.com/p/s_0123456789abcdef0123456789abcdef at night',
    ],
  ];
}

function ofRoutes(path: string, ends: readonly string[], ids: readonly string[]): Record<string, readonly string[]> {
  return Object.fromEntries(ends.map((end) => [`${path}${end} :id`, ids]));
}
