/** The ids under which Sora shows a clip to everybody. Source: sora-web.md 1.6. */

/** `s_` and 32 lower-case hexadecimal digits: what the upstream calls a post. */
export type ShareId = `s_${string}`;

/** Pattern of where a share link leads, without scheme and `www.`. */
export const shareSite = String.raw`sora\.chatgpt\.com\/p\/`;

/** The id in a field that holds nothing but a share id or link; undefined when it holds something else. */
export function parseShareId(text: string): ShareId | undefined {
  const given = text.trim();
  const id = wholeLink.exec(given)?.[1] ?? given;
  return isShareId(id) ? id : undefined;
}

/** Hosts are written in any case, ids are not. */
const wholeLink = new RegExp(String.raw`^(?:https?:\/\/)?(?:www\.)?${shareSite}(s_[0-9a-f]{32})\/?(?:[?#]\S*)?$`, 'i');

export function isShareId(text: string): text is ShareId {
  return /^s_[0-9a-f]{32}$/.test(text);
}
