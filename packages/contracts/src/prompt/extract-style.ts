/** `{anime}` anywhere in a prompt asks for a style. Source: sora-web.md 3.6; better than sora2api in what it leaves alone (9, fault 38). */
import { findStyleId, type StyleId } from './styles.js';
import { type Mark, takeFirstMark } from './take-first-mark.js';

/**
 * The first `{…}` that names a style counts, spaces inside and case apart. It and its repetitions are removed; every other `{…}`, a second
 * style among them, and all line breaks stay as they are.
 */
export function extractStyle(prompt: string): { prompt: string; style?: StyleId } {
  const { prompt: rest, meaning } = takeFirstMark(prompt, styleMarks(prompt));
  return { prompt: rest, ...(meaning === undefined ? {} : { style: meaning }) };
}

function* styleMarks(prompt: string): Iterable<Mark<StyleId>> {
  for (const match of prompt.matchAll(/\{([^{}]*)\}/g)) {
    const [group, text = ''] = match;
    const style = findStyleId(text);
    if (style) yield { start: match.index, end: match.index + group.length, meaning: style, name: style };
  }
}
