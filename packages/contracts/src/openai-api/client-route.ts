/**
 * What is said of a route under `/v1` to whoever calls it: `/openapi.json` is made of this. The body named here must be the very schema the
 * route reads its body with. Every answer that a test receives from a gateway is held against it: a status that is not here, or a body with
 * a key too few or too many, fails the test.
 */
import type { z } from 'zod';
import type { ErrorCode } from '../errors.js';

export const clientTags = {
  chat: 'Images, videos, characters and better prompts as chat answers.',
  images: 'Images, answered when they are made.',
  videos: 'Videos that are made while the client asks how far they are.',
  generations: 'Whatever was asked for, by whichever route.',
  files: 'Images and videos that are uploaded once and named in requests.',
  webhooks: 'Where a client is told of an end, without having to ask.',
  models: 'What can be asked for.',
  usage: 'What the key used.',
} as const;
export type ClientTag = keyof typeof clientTags;

export interface ClientAnswer {
  readonly description: string;
  readonly json?: z.ZodType;
  /** The JSON of each event of a `text/event-stream`. */
  readonly event?: z.ZodType;
  /** Content type of an answer that is a file: `video/*`. */
  readonly file?: string;
  /** Beside those of every answer, in lower case, each with what it says. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ClientRoute {
  /** Names it in generated clients: `createVideo`. */
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** As the router writes it: `/v1/videos/:id`; a `*` takes slashes as well. */
  readonly path: `/v1/${string}`;
  readonly tag: ClientTag;
  /** One line; `description` has the rest. */
  readonly summary: string;
  readonly description?: string;
  readonly query?: z.ZodType;
  /** Request headers beside the key, in lower case. */
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly isBodyOptional?: true;
  /** A body in JSON that works, with an id of one's own in it where it takes one. */
  readonly example?: object;
  /** JSON alone where it is left out. */
  readonly forms?: readonly ('json' | 'multipart')[];
  /** Fields of the body or query whose schema takes anything or text only, as what is really read from them. */
  readonly fields?: Readonly<Record<string, z.ZodType>>;
  /** Fields that are files where the body is a form. */
  readonly files?: readonly string[];
  /** By status, those that are no errors. */
  readonly answers: Readonly<Record<number, ClientAnswer>>;
  /** Beyond what every route may answer (no key, a mistake in the request, an unknown id, a part that is away). */
  readonly errors?: readonly ErrorCode[];
}
