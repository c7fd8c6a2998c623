/** Text that Postgres takes, also inside `jsonb`: it refuses NUL and halves of surrogate pairs, and with them everything written beside. */
export function toStorableText(text: string): string {
  return text.replaceAll('\0', '\ufffd').replace(/\p{Surrogate}/gu, '\ufffd');
}

/** At most `longest` UTF-16 units, the last of them an ellipsis where something was left out; never half of a character. */
export function cutText(text: string, longest: number): string {
  if (text.length <= longest) return text;
  return `${text.slice(0, longest - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
