/** The video that a request continues or makes a character of: a field names it, or the prompt does. Pure. */
import { AppError } from '../errors.js';
import { parseGenerationId } from '../ids.js';
import { extractGenerationMention, type GenerationMention } from '../prompt/extract-generation-mention.js';
import type { RequestInput } from './request-input.js';

export interface Source {
  /** What remains of it without the mention. */
  prompt: string;
  mention?: GenerationMention;
  /** Where it is named. */
  param: string;
}

/** @throws AppError `not_found` for what is no id of ours or the upstream's, `invalid_value` where two videos are named */
export function readSource({ prompt: given, promptParam, source }: RequestInput): Source {
  const { prompt, mention } = extractGenerationMention(given, { drafts: true });
  if (!source) return { prompt, param: promptParam, ...(mention ? { mention } : {}) };
  const named = mentionOf(source);
  if (mention && mention.id !== named.id) {
    const message = `Two videos are named, ${named.id} and ${mention.id}: keep one.`;
    throw new AppError('invalid_value', message, { param: promptParam });
  }
  return { prompt, mention: named, param: source.param };
}

function mentionOf({ text, param }: { text: string; param: string }): GenerationMention {
  const own = parseGenerationId(text.trim());
  if (own !== undefined) return { kind: 'own', id: own };
  if (/^gen_[0-9A-Za-z]{6,100}$/.test(text.trim())) return { kind: 'draft', id: text.trim() };
  throw new AppError('not_found', `Nothing with the id "${text.slice(0, 80)}" belongs to this key.`, { param });
}
