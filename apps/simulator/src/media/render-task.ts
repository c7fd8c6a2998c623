import type { Task } from '../tasks/task.js';
import { renderImage } from './render-image.js';
import { renderVideo } from './render-video.js';

/** The picture or video that a task ends with. */
export function renderTask(task: Task): Promise<Buffer> {
  const { id: seed, prompt, model, media } = task;
  const label = labelOf(task);
  if (media.type === 'image') return renderImage({ seed, prompt, label, ...media, format: 'png' });
  const { orientation, size, frames: frameCount } = media;
  return renderVideo({ seed, prompt, label, model: model ?? '', orientation, size, frameCount });
}

/** What tells one result from another with the same prompt. */
function labelOf({ kind, style, parent, uploads }: Task): string {
  const words = [
    kind === 'storyboard' ? 'storyboard' : '',
    kind === 'remix' ? `remix of ${parent}` : '',
    kind === 'extension' ? `after ${parent}` : '',
    style === null ? '' : `{${style}}`,
    uploads.length > 0 ? 'from a picture' : '',
  ];
  return words.filter((word) => word !== '').join(' · ');
}
