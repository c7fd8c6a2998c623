/** `[5.0s]text` makes a prompt a storyboard. Source: sora-web.md 3.7. */
import type { z } from 'zod';
import type { storyboardSchema } from '../generation-request.js';

export type Storyboard = z.infer<typeof storyboardSchema>;

/** All tags of a prompt, whether they make it a storyboard or not. */
export const shotTags = /\[(\d+(?:\.\d+)?)s\]/g;

/**
 * Every tag `[<digits>[.<digits>]s]` begins a shot, whose text runs to the next tag; other brackets belong to the text. Text before the
 * first tag are instructions. A tag without text is still a shot, for its time counts, as long as any shot has text: a prompt in which
 * none has is no storyboard, and its tags are text. Whether the seconds fit the model's length is not asked.
 */
export function parseStoryboard(prompt: string): Storyboard | undefined {
  // Splitting at a pattern with a group gives text, seconds, text, seconds, text.
  const [instructions = '', ...parts] = prompt.split(shotTags);
  const shots: Storyboard['shots'] = [];
  for (let index = 0; index < parts.length; index += 2) {
    shots.push({ seconds: parts[index] ?? '', scene: (parts[index + 1] ?? '').trim() });
  }
  if (shots.every(({ scene }) => scene === '')) return undefined;
  return { instructions: instructions.trim(), shots };
}
