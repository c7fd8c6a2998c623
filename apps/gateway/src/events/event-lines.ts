/** The bytes of a generation's event stream: `id:` is the seq it resumes by, `event:` the type, the data one JSON object. Pure. */
import { type AppError, toErrorBody } from '@reelay/contracts/errors';
import type { GenerationEvent } from '@reelay/contracts/events';
import { type Dialect, publicId } from '@reelay/contracts/ids';

/** `beside`: more fields of the data; of a terminal event the generation as it is then. */
export function eventLines(
  { id, dialect }: { id: string; dialect: Dialect },
  event: GenerationEvent,
  beside: object = {},
): string {
  const data = {
    generation_id: publicId(dialect, id),
    seq: event.seq,
    type: event.type,
    ...shownData(event),
    ...beside,
  };
  return `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Without an id: whoever comes back resumes after the last event it got. */
export function failureLines(error: AppError): string {
  return `event: error\ndata: ${JSON.stringify(toErrorBody(error))}\n\n`;
}

/** A result is shown by the generation beside it: here it would be names of stored files. */
function shownData(event: GenerationEvent): object {
  return event.type === 'generation.succeeded' ? {} : event.data;
}

/**
 * After which event a stream goes on. A browser that comes back names it in the header and keeps the address it began with, so the header
 * counts first; what is no seq of ours there begins at the beginning. A parameter was written by somebody who is to be told.
 */
export function startOf(lastEventId: unknown, after: unknown): number | 'invalid' {
  if (lastEventId !== undefined && lastEventId !== '') return seqOf(lastEventId) ?? 0;
  if (after === undefined || after === '') return 0;
  return seqOf(after) ?? 'invalid';
}

function seqOf(text: unknown): number | undefined {
  return typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
