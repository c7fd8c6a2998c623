import { type Colour, fromHsl } from './colour.js';
import { seededNumbers } from './seeded-numbers.js';

export interface Palette {
  readonly skyTop: Colour;
  readonly skyBottom: Colour;
  readonly farHills: Colour;
  readonly nearHills: Colour;
  readonly orb: Colour;
  readonly panel: Colour;
  readonly track: Colour;
  readonly text: Colour;
  readonly accent: Colour;
  /** 0 by day, 1 at night. */
  readonly starlight: number;
}

/** Hues of the sky, at the top and at the horizon, that suit each other. */
const skies = [
  [232, 22],
  [262, 332],
  [212, 188],
  [205, 42],
  [284, 18],
  [246, 300],
  [198, 158],
  [338, 32],
  [222, 345],
  [188, 50],
] as const;

/** Colours that go together, one set per prompt: a sky, hills in its shadow, an orb in its light. */
export function paletteFor(prompt: string): Palette {
  const next = seededNumbers(`palette ${prompt}`);
  const [above, below] = skies[Math.floor(next() * skies.length)]!;
  const hue = above + (next() - 0.5) * 24;
  const horizon = below + (next() - 0.5) * 24;
  const night = next();
  return {
    skyTop: fromHsl(hue, 0.5 + night * 0.15, 0.42 - night * 0.28),
    skyBottom: fromHsl(horizon, 0.75, 0.7 - night * 0.18),
    farHills: fromHsl(hue + 10, 0.32, 0.36 - night * 0.12),
    nearHills: fromHsl(hue, 0.42, 0.17 - night * 0.06),
    orb: fromHsl(horizon + 15, 0.95, 0.87),
    panel: fromHsl(hue, 0.3, 0.075),
    track: fromHsl(hue, 0.25, 0.19),
    text: fromHsl(hue, 0.25, 0.96),
    accent: fromHsl(horizon, 0.85, 0.68),
    starlight: Math.max(0, night * 1.6 - 0.6),
  };
}
