/** A generation named in a prompt: one of ours in any of its spellings, or a draft of the upstream. Source: sora-web.md 1.6, 10.2, 10.4. */
import { parseGenerationId } from '../ids.js';
import { type Mark, takeFirstMark } from './take-first-mark.js';

export type GenerationMention =
  /** The upstream's own id, `gen_…`. */
  | { kind: 'draft'; id: string }
  /** The ULID of a generation of ours. */
  | { kind: 'own'; id: string };

/**
 * The first mention counts and is removed with its repetitions; another one stays as text. An id must be a word of its own.
 *
 * @param options.drafts whether `gen_…` is looked for as well: only where the workflow starts from a draft
 */
export function extractGenerationMention(
  prompt: string,
  { drafts }: { drafts: boolean },
): { prompt: string; mention?: GenerationMention } {
  const { prompt: rest, meaning } = takeFirstMark(prompt, mentions(prompt, drafts ? ownOrDraft : own));
  return { prompt: rest, ...(meaning === undefined ? {} : { mention: meaning }) };
}

const ownIds = '(?:video_|chatcmpl-|rly_)[0-9A-Za-z]{26}';
const own = new RegExp(String.raw`(?<![\w-])(?:${ownIds})(?![\w-])`, 'g');
const ownOrDraft = new RegExp(String.raw`(?<![\w-])(?:${ownIds}|gen_[0-9A-Za-z]{6,})(?![\w-])`, 'g');

function* mentions(prompt: string, pattern: RegExp): Iterable<Mark<GenerationMention>> {
  for (const match of prompt.matchAll(pattern)) {
    const [text] = match;
    const meaning = meaningOf(text);
    if (meaning) yield { start: match.index, end: match.index + text.length, meaning, name: meaning.id };
  }
}

/** Undefined for what looks like an id of ours and cannot be one. */
function meaningOf(text: string): GenerationMention | undefined {
  if (text.startsWith('gen_')) return { kind: 'draft', id: text };
  const id = parseGenerationId(text);
  return id === undefined ? undefined : { kind: 'own', id };
}
