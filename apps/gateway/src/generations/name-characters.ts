/**
 * Characters that a request names by our ids (`char_…` in the prompt, or in a field) become what the upstream knows them by: `@username` in
 * the prompt. They are public there, so any account may make the video.
 */
import { AppError } from '@reelay/contracts/errors';
import type { Character } from '@reelay/contracts/generation-request';
import { parseGenerationId } from '@reelay/contracts/ids';
import { checkPromptLength, type RequestInput } from '@reelay/contracts/request/request-input';
import { findGeneration, type Generation } from '@reelay/db/generations/find-generation';
import type { GatewayParts } from '../gateway-parts.js';
import { notFound } from './get-generation.js';

/** An id must be a word of its own. */
const mention = /(?<![\w-])@?(char_[0-9A-Za-z]{26})(?![\w-])/g;
/** Each is looked up; more are nobody's prompt. */
const mostMentioned = 10;

/** @throws AppError `not_found`, `invalid_value` */
export async function nameCharacters(
  { database }: Pick<GatewayParts, 'database'>,
  input: RequestInput,
  { ownerId }: { ownerId: string },
): Promise<RequestInput> {
  const ids = [...input.prompt.matchAll(mention)].map(([, id = '']) => id);
  const mentioned = [...new Set(ids)].map((id) => ({ id, param: input.promptParam }));
  const named = input.characters ?? [];
  if (mentioned.length + named.length === 0) return input;
  if (mentioned.length > mostMentioned) throw tooMany(input.promptParam);
  const known = await Promise.all(
    [...mentioned, ...named].map(async ({ id, param }) => {
      const ulid = parseGenerationId(id.trim());
      const generation = ulid === undefined ? undefined : await findGeneration(database, { id: ulid, ownerId });
      if (!generation) throw notFound(id, param);
      return { id, ...characterOf(generation, id, param) };
    }),
  );
  const names = new Map(known.map(({ id, username }) => [id, `@${username}`]));
  let prompt = input.prompt.replaceAll(mention, (whole, id: string) => names.get(id) ?? whole);
  for (const character of known.slice(mentioned.length).toReversed()) prompt = introduce(prompt, character);
  checkPromptLength(prompt, input.promptParam);
  return { ...input, prompt, asked: { ...input.asked, prompt: input.prompt } };
}

function characterOf(
  { request, state, result }: Generation,
  id: string,
  param: string,
): Pick<Character, 'username'> & { name: string | undefined } {
  if (result?.character) return { username: result.character.username, name: request.asked?.name };
  const isOpen = request.kind === 'character' && (state === 'queued' || state === 'running');
  throw new AppError(
    'invalid_value',
    isOpen
      ? `The character "${id.slice(0, 80)}" is not made yet: send this again when GET /v1/videos/characters/{id} says that it is completed.`
      : `"${id.slice(0, 80)}" is no character: name one that POST /v1/videos/characters has made.`,
    { param },
  );
}

/** Where the prompt speaks of it by the client's own name that is replaced; else it stands at the beginning. */
function introduce(prompt: string, { username, name }: { username: string; name: string | undefined }): string {
  const handle = `@${username}`;
  if (prompt.includes(handle)) return prompt;
  const spoken = name === undefined ? prompt : prompt.replaceAll(wordOf(name), () => handle);
  return spoken === prompt ? `${handle} ${prompt}` : spoken;
}

function wordOf(name: string): RegExp {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\p{L}\\p{N}_@])${escaped}(?![\\p{L}\\p{N}_])`, 'giu');
}

function tooMany(param: string): AppError {
  return new AppError('invalid_value', `The prompt names more than ${mostMentioned} characters: name fewer.`, {
    param,
  });
}
