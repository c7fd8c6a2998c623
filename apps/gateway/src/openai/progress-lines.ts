/** Events in words for `reasoning_content`, as sora2api's users know them (sora-web 3.5); other stages in the same manner. */

import type { GenerationEvent } from '@reelay/contracts/events';
import type { Workflow } from '@reelay/contracts/generation-request';
import type { PlannedWork } from '../generations/planned-work.js';

type Work = Pick<PlannedWork, 'kind' | 'workflow' | 'hasImage'>;
type Progress = Extract<GenerationEvent, { type: 'generation.progressed' }>['data'];

/** Remembers what was said, so that nothing is said twice and no progress falls. */
export class ProgressLines {
  readonly #work: Work;
  #last = '';
  #progress = 0;
  /** The last stage that an upstream task was in, and the number of the step it belongs to. */
  #stage: Progress['stage'] = 'waiting';
  #step = 1;

  constructor(work: Work) {
    this.#work = work;
  }

  /** The line for an event, or undefined when it adds nothing. */
  next(event: GenerationEvent): string | undefined {
    const line = this.#describe(event);
    if (line === undefined || line === this.#last) return undefined;
    this.#last = line;
    return line;
  }

  #describe(event: GenerationEvent): string | undefined {
    switch (event.type) {
      case 'generation.queued':
        return beginnings[this.#work.workflow];
      case 'generation.progressed':
        return this.#describeProgress(event.data);
      case 'generation.succeeded':
        return endings[this.#work.kind];
      case 'generation.failed':
      case 'generation.cancelled':
        return undefined;
    }
  }

  #describeProgress({ stage, progress, note }: Progress): string | undefined {
    this.#progress = Math.max(this.#progress, progress);
    // What is prepared after something was rendered is the next step.
    if (stage === 'preparing' && this.#stage === 'rendering') this.#step += 1;
    this.#stage = stage;
    switch (stage) {
      case 'waiting':
        return note === undefined ? undefined : `Waiting for a free account: ${note}\n`;
      case 'preparing':
        return describePreparing(this.#work, this.#step);
      case 'submitting':
        return describeSubmitting(this.#work, this.#step);
      case 'rendering':
        return describeRendering(this.#work, this.#step, this.#progress);
      case 'fetching':
        return fetchings[this.#work.kind];
      case 'ended':
        return undefined;
    }
  }
}

const beginnings: Record<Workflow, string | undefined> = {
  image: begins('Generation Process', 'Initializing generation request'),
  video: begins('Generation Process', 'Initializing generation request'),
  storyboard: `${begins('Generation Process', 'Initializing generation request')}Detected storyboard format. Converting to storyboard API format...\n`,
  remix: begins('Remix Generation Process', 'Initializing remix request'),
  extension: begins('Video Extension Process', 'Initializing extension request'),
  character: begins('Character Creation', 'Initializing character creation'),
  character_video: begins('Character Creation and Video Generation', 'Initializing'),
  // The answer is the text, at once: nothing is worth telling on the way.
  enhance: undefined,
};

function begins(what: string, first: string): string {
  return `**${what} Begins**\n\n${first}...\n`;
}

const fetchings: Record<Work['kind'], string | undefined> = {
  video: '**Video Generation Completed**\n\nVideo generation successful. Now caching the video file...\n',
  image: '**Image Generation Completed**\n\nImage generation successful. Now caching the images...\n',
  character: 'Downloading character avatar...\n',
  enhance: undefined,
};

const endings: Record<Work['kind'], string | undefined> = {
  video: 'Video file cached successfully. Preparing final response...\n',
  image: 'All images cached successfully. Preparing final response...\n',
  character: 'Character created successfully. Preparing final response...\n',
  enhance: undefined,
};

/** Characters are made in two steps, from the video and from what was found in it; one that plays in a video takes a third. */
const makesCharacter = ({ workflow }: Work) => workflow === 'character' || workflow === 'character_video';

function describePreparing(work: Work, step: number): string | undefined {
  if (work.workflow === 'enhance') return undefined;
  if (makesCharacter(work)) return ['Uploading video file...\n', 'Uploading character avatar...\n'][step - 1];
  if (work.hasImage) return '**Image Upload Begins**\n\nUploading image to server...\n';
  return 'Preparing the request for the upstream...\n';
}

function describeSubmitting(work: Work, step: number): string | undefined {
  if (makesCharacter(work)) {
    const film = '**Video Generation Process Begins**\n\nGenerating video with character...\n';
    return [undefined, 'Finalizing character creation...\n', film][step - 1];
  }
  switch (work.workflow) {
    case 'enhance':
      return undefined;
    case 'remix':
      return 'Sending remix request to server...\n';
    case 'extension':
      return 'Submitting extension task...\n';
    default:
      return work.hasImage
        ? 'Image uploaded successfully. Proceeding to generation...\n'
        : 'Sending the request to the upstream...\n';
  }
}

/** The making of a character has no percentage upstream. */
function describeRendering(work: Work, step: number, progress: number): string | undefined {
  if (work.kind === 'enhance') return undefined;
  if (work.kind === 'image') return `**Processing**\n\nGeneration in progress: ${progress}% completed...\n`;
  if (makesCharacter(work) && step < 3) {
    return step === 1 ? 'Processing video to extract character...\n' : undefined;
  }
  return `**Video Generation Progress**: ${progress}% (processing)\n`;
}
