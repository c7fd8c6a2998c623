const longestName = 27;

/**
 * A name for a character: what stands after the last dot of the upstream's hint, and a number of three digits, as its own clients do.
 * Only small letters, digits and `_` remain, thirty at most: prompts name it as `@name`. Source: sora-web.md 1.3.5.
 */
export function chooseUsername(hint: string, random: () => number): string {
  const last = hint.slice(hint.lastIndexOf('.') + 1).toLowerCase();
  const name = last.replace(/[^0-9a-z_]/g, '').slice(0, longestName);
  return `${name || 'character'}${100 + Math.floor(random() * 900)}`;
}
