/**
 * One ULID names a generation everywhere; each dialect shows it with its own prefix, so any of our ids can be read back on any route.
 */

export type Dialect = 'chat' | 'videos' | 'images';
export const dialects: readonly Dialect[] = ['chat', 'videos', 'images'];

const prefixes = { chat: 'chatcmpl-', videos: 'video_', images: 'rly_' } as const satisfies Record<Dialect, string>;
/** A character, where it is one's own thing and not only a result. */
const characterPrefix = 'char_';
const ulidPattern = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

export function isUlid(value: string): boolean {
  return ulidPattern.test(value);
}

/** `01J…` → `video_01J…`, `chatcmpl-01J…` or `rly_01J…`. */
export function publicId(dialect: Dialect, generationId: string): string {
  return `${prefixes[dialect]}${generationId}`;
}

/** Of the generation that made the character. */
export function characterId(generationId: string): string {
  return `${characterPrefix}${generationId}`;
}

/** The generation's ULID from any of its public spellings (or the bare ULID); undefined when it is none of ours. */
export function parseGenerationId(text: string): string | undefined {
  const prefix = [...Object.values(prefixes), characterPrefix].find((candidate) => text.startsWith(candidate));
  const ulid = text.slice(prefix?.length ?? 0).toUpperCase();
  return isUlid(ulid) ? ulid : undefined;
}
