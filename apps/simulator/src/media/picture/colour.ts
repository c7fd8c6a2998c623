/** Brightness and the two colour differences of video (BT.709, limited range), not yet rounded to bytes. */
export type Colour = readonly [luma: number, blue: number, red: number];

/** Hue in degrees, the others 0 to 1. */
export function fromHsl(hue: number, saturation: number, lightness: number): Colour {
  const amount = saturation * Math.min(lightness, 1 - lightness);
  const channel = (offset: number) => {
    const sector = (((offset + hue / 30) % 12) + 12) % 12;
    return lightness - amount * Math.max(-1, Math.min(sector - 3, 9 - sector, 1));
  };
  return fromRgb(channel(0), channel(8), channel(4));
}

/** `share` 0 gives the first colour, 1 the second. The same as mixing in RGB, because the conversion is linear. */
export function mix(first: Colour, second: Colour, share: number): Colour {
  return [
    first[0] + (second[0] - first[0]) * share,
    first[1] + (second[1] - first[1]) * share,
    first[2] + (second[2] - first[2]) * share,
  ];
}

export function clamp(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}

function fromRgb(red: number, green: number, blue: number): Colour {
  const luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return [16 + 219 * luma, 128 + (224 * (blue - luma)) / 1.8556, 128 + (224 * (red - luma)) / 1.5748];
}

/** Three bytes. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** Back from video to the bytes of a picture file. */
export function toRgb([luma, blue, red]: Colour): Rgb {
  const brightness = (luma - 16) / 219;
  const redShare = brightness + ((red - 128) / 224) * 1.5748;
  const blueShare = brightness + ((blue - 128) / 224) * 1.8556;
  const greenShare = (brightness - 0.2126 * redShare - 0.0722 * blueShare) / 0.7152;
  return [toByte(redShare), toByte(greenShare), toByte(blueShare)];
}

function toByte(share: number): number {
  return Math.round(clamp(share) * 255);
}
