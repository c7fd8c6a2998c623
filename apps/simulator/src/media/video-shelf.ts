import type { VideoTask } from '../tasks/video-task.js';
import { renderVideo } from './render-video.js';

const KEPT_MOST = 16;

/** The videos that were asked for last. Nothing is stored: what is not here is made again, with the same bytes. */
export class VideoShelf {
  /** By task id, the longest unused first; a video that is still being made is here already. */
  readonly #videos = new Map<string, Promise<Buffer>>();

  get(task: VideoTask): Promise<Buffer> {
    const video = this.#videos.get(task.id) ?? renderTask(task);
    this.#videos.delete(task.id);
    this.#videos.set(task.id, video);
    video.catch(() => this.#videos.delete(task.id));
    for (const oldest of this.#videos.keys()) {
      if (this.#videos.size <= KEPT_MOST) break;
      this.#videos.delete(oldest);
    }
    return video;
  }

  reset(): void {
    this.#videos.clear();
  }
}

function renderTask({ id, body }: VideoTask): Promise<Buffer> {
  const { prompt, model, orientation, size, n_frames: frameCount } = body;
  return renderVideo({ seed: id, prompt, model, orientation, size, frameCount });
}
