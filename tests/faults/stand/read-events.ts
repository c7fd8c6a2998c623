/** Server-sent events of one generation, as they come. */
import { isEnd, type Stream } from '../judge/history.js';

/** Resolves with `end` after the terminal event, and with `cut` when the stream closes before it. */
export async function readEvents(response: Response, frames: Stream['frames']): Promise<'end' | 'cut'> {
  const decoder = new TextDecoder();
  let text = '';
  if (!response.body) return 'cut';
  for await (const chunk of response.body) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const frame of blocks.flatMap((block) => frameOf(block) ?? [])) {
      frames.push(frame);
      if (isEnd(frame.type)) return 'end';
    }
  }
  return 'cut';
}

/** Undefined for a comment. */
function frameOf(block: string): Stream['frames'][number] | undefined {
  const fields = new Map(
    block.split('\n').flatMap((line) => {
      const match = /^(\w+): ?(.*)$/.exec(line);
      return match ? [[match[1] ?? '', match[2] ?? ''] as const] : [];
    }),
  );
  const data = fields.get('data');
  const id = fields.get('id');
  if (data === undefined || id === undefined) return undefined;
  const event = JSON.parse(data) as { type?: string; progress?: number; data?: { progress?: number } };
  const type = fields.get('event') ?? event.type ?? '';
  return { at: Date.now(), seq: Number(id), type, progress: event.progress ?? event.data?.progress };
}
