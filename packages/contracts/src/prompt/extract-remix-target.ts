/** A share link or id anywhere in a prompt asks for a remix of that clip. Source: sora-web.md 3.10, and 9, fault 39. */
import { isShareId, type ShareId, shareSite } from './parse-share-id.js';
import { type Mark, takeFirstMark } from './take-first-mark.js';

/**
 * Text may follow a link at once, for everybody knows where its id ends; a bare id must be a word of its own. The first clip counts; all
 * mentions of it are removed, links with their query and fragment. A second clip stays as text.
 */
export function extractRemixTarget(prompt: string): { prompt: string; target?: ShareId } {
  const { prompt: rest, meaning } = takeFirstMark(prompt, shareMarks(prompt));
  return { prompt: rest, ...(meaning === undefined ? {} : { target: meaning }) };
}

const anyCaseId = 's_[0-9a-f]{32}';

// Hosts are written in any case, ids are not: they are looked at again. A sign that ends a sentence is no part of the link, nor is a "?"
// that begins no `name=value`.
const anywhere = new RegExp(
  [
    String.raw`(?:https?:\/\/(?:www\.)?|(?<![\w.\/@-])(?:www\.)?)${shareSite}(${anyCaseId})`,
    String.raw`(?:\/(?![\w-]))?`,
    String.raw`(?:\?[\w.~%+-]+=(?:[\w.~%=&+\/:@-]*[\w~%=&+\/-])?)?`,
    String.raw`(?:#[\w.~%=&+\/:@-]*[\w~%=&+\/-])?`,
    String.raw`|(?<![\w-])(${anyCaseId})(?![\w-])`,
  ].join(''),
  'gi',
);

function* shareMarks(prompt: string): Iterable<Mark<ShareId>> {
  for (const match of prompt.matchAll(anywhere)) {
    const [mention, linked, bare] = match;
    const id = linked ?? bare ?? '';
    if (isShareId(id)) yield { start: match.index, end: match.index + mention.length, meaning: id, name: id };
  }
}
