/** The looks Sora knows by name. A prompt asks for one as `{anime}`. Source: sora-web.md 3.6. */
import { z } from 'zod';

export const styleIds = [
  'festive',
  'kakalaka',
  'news',
  'selfie',
  'handheld',
  'golden',
  'anime',
  'retro',
  'nostalgic',
  'comic',
] as const;

export const styleIdSchema = z.enum(styleIds);
export type StyleId = z.infer<typeof styleIdSchema>;

/** With the names that Sora's own app shows. */
export const styles: readonly { id: StyleId; name: string }[] = [
  { id: 'festive', name: 'Festive' },
  { id: 'kakalaka', name: '🪭👺' },
  { id: 'news', name: 'News' },
  { id: 'selfie', name: 'Selfie' },
  { id: 'handheld', name: 'Handheld' },
  { id: 'golden', name: 'Golden' },
  { id: 'anime', name: 'Anime' },
  { id: 'retro', name: 'Retro' },
  { id: 'nostalgic', name: 'Vintage' },
  { id: 'comic', name: 'Comic' },
];

/** Spaces around the name and the case of its letters do not matter. */
export function findStyleId(text: string): StyleId | undefined {
  const name = text.trim().toLowerCase();
  return styleIds.find((id) => id === name);
}
