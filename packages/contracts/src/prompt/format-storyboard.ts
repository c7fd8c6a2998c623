import type { Storyboard } from './parse-storyboard.js';

/** The text that Sora's own app makes of a storyboard. Source: sora-web.md 3.7. */
export function formatStoryboard({ instructions, shots }: Storyboard): string {
  const timeline = shots
    .map(({ seconds, scene }, index) => `Shot ${index + 1}:\nduration: ${seconds}sec\nScene: ${scene}`)
    .join('\n\n');
  return instructions === '' ? timeline : `current timeline:\n${timeline}\n\ninstructions:\n${instructions}`;
}
