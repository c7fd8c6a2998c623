/** Events in words for `reasoning_content`, as sora2api's users know them (sora-web 3.5); other stages in the same manner. */
import type { GenerationEvent } from '@reelay/contracts/events';

/** Remembers what was said, so that nothing is said twice. */
export class ProgressLines {
  #last = '';

  /** The line for an event, or undefined when it adds nothing. */
  next(event: GenerationEvent): string | undefined {
    const line = describe(event);
    if (line === undefined || line === this.#last) return undefined;
    this.#last = line;
    return line;
  }
}

function describe(event: GenerationEvent): string | undefined {
  switch (event.type) {
    case 'generation.queued':
      return '**Generation Process Begins**\n\nInitializing generation request...\n';
    case 'generation.progressed':
      return describeProgress(event.data);
    case 'generation.succeeded':
      return 'Video file cached successfully. Preparing final response...\n';
    case 'generation.failed':
    case 'generation.cancelled':
      return undefined;
  }
}

type Progress = Extract<GenerationEvent, { type: 'generation.progressed' }>['data'];

function describeProgress({ stage, progress, note }: Progress): string | undefined {
  switch (stage) {
    case 'waiting':
      return note === undefined ? undefined : `Waiting for a free account: ${note}\n`;
    case 'preparing':
      return 'Preparing the request for the upstream...\n';
    case 'submitting':
      return 'Sending the request to the upstream...\n';
    case 'rendering':
      return `**Video Generation Progress**: ${progress}% (processing)\n`;
    case 'fetching':
      return '**Video Generation Completed**\n\nVideo generation successful. Now caching the video file...\n';
    case 'ended':
      return undefined;
  }
}
