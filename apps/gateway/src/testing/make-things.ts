/** One of each thing that has an id, made as a client makes them, for tests of who may see it. */
import { characterId } from '@reelay/contracts/ids';
import { succeed } from './play-worker.js';
import { sampleMp4, samplePng } from './sample-media.js';
import type { SendRequest, TestGateway } from './test-gateway.js';

export interface Things {
  video: string;
  character: string;
  file: string;
  endpoint: string;
  delivery: string;
}

/**
 * The character is not waited for: with `generation.waitMs` short, its request ends soon. Needs `127.0.0.1:9` among FETCH_ALLOW; nothing
 * listens there, what is to be sent is only written down.
 */
export async function makeThings(gateway: TestGateway, key: string): Promise<Things> {
  const make = async (path: string, request: SendRequest) => {
    const answer = await gateway.send(key, path, request);
    return (await answer.json()) as { id: string; error?: { generation_id: string } };
  };
  const hook = { name: 'mine', url: 'http://127.0.0.1:9/hook', event_types: ['video.completed'] };
  const { id: endpoint } = await make('/v1/webhook_endpoints', { json: hook });
  const { id: video } = await make('/v1/videos', { json: { prompt: 'a paper boat' } });
  await succeed(gateway, video.replace('video_', ''));
  const log = await gateway.send(key, `/v1/webhook_endpoints/${endpoint}/deliveries`);
  const [delivery] = ((await log.json()) as { data: { id: string }[] }).data;
  const form = new FormData();
  form.set('purpose', 'vision');
  form.set('file', new Blob([samplePng(32, 18)]), 'boat.png');
  const { id: file } = await make('/v1/files', { body: form });
  const face = `data:video/mp4;base64,${sampleMp4(2_000).toString('base64')}`;
  const { error } = await make('/v1/videos/characters', { json: { name: 'Moss', video: face } });
  const character = characterId(error?.generation_id.replace('video_', '') ?? '');
  return { video, character, file, endpoint, delivery: delivery?.id ?? '' };
}
