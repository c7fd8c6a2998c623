/** OpenAI's own names of image models. All of them are this installation's image model; the size of the request chooses its orientation. */

/** What an id of theirs stands for here: the family of image models whose square one has this id. */
const family = 'gpt-image';

/** Whether OpenAI's servers answer this model with base64 whatever is asked: code that was written for it reads nothing else. */
const alwaysBase64: Readonly<Record<string, boolean>> = {
  'gpt-image-1': true,
  'gpt-image-1-mini': true,
  'gpt-image-1.5': true,
  'gpt-image-2': true,
  'gpt-image-2.5-sunburst': true,
  'gpt-image-2.5-flare': true,
  'gpt-image-2.6-sunburst': true,
  'gpt-image-2.6-flare': true,
  'chatgpt-image-latest': true,
  'dall-e-2': false,
  'dall-e-3': false,
};

export interface OpenAiImageName {
  modelId: string;
  alwaysBase64: boolean;
}

/** Also by the names of snapshots, `gpt-image-2-2026-04-21`. */
export function findOpenAiImageName(name: string): OpenAiImageName | undefined {
  const id = name.replace(/-\d{4}-\d{2}-\d{2}$/, '');
  const known = Object.hasOwn(alwaysBase64, id) ? alwaysBase64[id] : undefined;
  return known === undefined ? undefined : { modelId: family, alwaysBase64: known };
}
