/** Token counts for clients that insist on them. Video models count no tokens, so these are plausible lengths, nothing that is billed. */

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

export function estimateUsage(prompt: string, completion: string): Usage {
  const prompt_tokens = estimateTokens(prompt);
  const completion_tokens = estimateTokens(completion);
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}

/** The images API has other names for the same. */
export interface ImageUsage {
  input_tokens: number;
  input_tokens_details: { text_tokens: number; image_tokens: number };
  output_tokens: number;
  output_tokens_details: { text_tokens: number; image_tokens: number };
  total_tokens: number;
}

export function estimateImageUsage(prompt: string, sizes: readonly Size[]): ImageUsage {
  const input = estimateTokens(prompt);
  const output = sizes.reduce((sum, size) => sum + tilesOf(size), 0);
  return {
    input_tokens: input,
    input_tokens_details: { text_tokens: input, image_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { text_tokens: 0, image_tokens: output },
    total_tokens: input + output,
  };
}

interface Size {
  width?: number | undefined;
  height?: number | undefined;
}

/** About four characters a token, at least one. */
function estimateTokens(text: string): number {
  return Math.max(1, Math.ceil(text.length / 4));
}

/** A token for every square of 32 pixels, as OpenAI counts images. */
function tilesOf({ width = 0, height = 0 }: Size): number {
  return Math.max(1, Math.ceil(width / 32) * Math.ceil(height / 32));
}
