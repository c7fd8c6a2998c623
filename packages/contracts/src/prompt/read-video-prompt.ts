/** Everything that the text of a video prompt can ask for, read in the one order in which the parts do not disturb each other. */
import { extractGenerationMention, type GenerationMention } from './extract-generation-mention.js';
import { extractRemixTarget } from './extract-remix-target.js';
import { extractStyle } from './extract-style.js';
import { type ShareId } from './parse-share-id.js';
import { parseStoryboard, type Storyboard } from './parse-storyboard.js';
import type { StyleId } from './styles.js';

export interface VideoPrompt {
  /** What remains; of a storyboard the whole text, tags included. As given where no mark was found. */
  prompt: string;
  /** A public clip to remix. */
  share?: ShareId;
  mention?: GenerationMention;
  style?: StyleId;
  storyboard?: Storyboard;
}

/**
 * Never throws, and keeps all text that is not a recognised mark. `@name` needs no reading: the upstream does that.
 *
 * @param options.drafts whether `gen_…` counts as a mark; ids of ours always do
 */
export function readVideoPrompt(prompt: string, { drafts = false }: { drafts?: boolean } = {}): VideoPrompt {
  const { prompt: unlinked, target } = extractRemixTarget(prompt);
  const { prompt: unmentioned, mention } = extractGenerationMention(unlinked, { drafts });
  const { prompt: rest, style } = extractStyle(unmentioned);
  const storyboard = parseStoryboard(rest);
  return {
    prompt: rest,
    ...(target === undefined ? {} : { share: target }),
    ...(mention === undefined ? {} : { mention }),
    ...(style === undefined ? {} : { style }),
    ...(storyboard === undefined ? {} : { storyboard }),
  };
}
