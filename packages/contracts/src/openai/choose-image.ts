/** Which model of the catalogue makes the image that was asked for: sizes are orientations here. Pure. */
import { AppError } from '../errors.js';
import { findOpenAiImageName } from '../models/openai-image-names.js';
import { findModel, getModel, type Model, models } from '../models.js';

/** As clients write them; null is left out. */
export interface AskedImage {
  model?: string | null | undefined;
  size?: string | null | undefined;
}

export interface ChosenImage {
  model: Model;
  /** What was written where it may differ from what is made. */
  asked: Record<string, string>;
  /** Code that was written for this name reads base64, whatever it asked for. */
  alwaysBase64: boolean;
}

const defaultId = 'gpt-image';

/**
 * A family's square id (`gpt-image`, and all of OpenAI's names) leaves the orientation to the size; an id that names its orientation is
 * that, and a size of another one is refused.
 *
 * @throws AppError `model_not_found`, `not_supported_by_model`, `invalid_value`
 */
export function chooseImage({ model: id, size: written }: AskedImage): ChosenImage {
  // Forms and nodes of workflows send what was left out as an empty text.
  const size = written === '' ? undefined : written;
  const name = id == null ? undefined : findOpenAiImageName(id);
  const named = getImageModel(name?.modelId ?? id ?? defaultId);
  const asked = { ...(name && id != null ? { model: id } : {}), ...(size == null ? {} : { size }) };
  return { model: orient(named, size), asked, alwaysBase64: name?.alwaysBase64 ?? false };
}

function getImageModel(id: string): Model {
  const model = getModel(id);
  if (model.kind === 'image') return model;
  throw new AppError(
    'not_supported_by_model',
    `"${model.id}" makes no images: choose an image model, or use it through POST /v1/chat/completions or /v1/videos.`,
    { param: 'model' },
  );
}

function orient(named: Model, size: string | null | undefined): Model {
  if (size == null || size === 'auto') return named;
  const ratio = readRatio(size);
  const nearest = familyOf(named).reduce((best, each) => (distance(each, ratio) < distance(best, ratio) ? each : best));
  if (nearest === named || named.id === familyName(named)) return nearest;
  throw new AppError(
    'invalid_value',
    `"${named.id}" is ${named.orientation} and ${size} is ${nearest.orientation}: leave size out, or ask for "${familyName(named)}", which takes any.`,
    { param: 'size' },
  );
}

/** `gpt-image-landscape` and `gpt-image-portrait` belong to `gpt-image`. A model that has no such sisters is a family of its own. */
function familyName({ id }: Model): string {
  const name = id.replace(/-(landscape|portrait|square)$/, '');
  return findModel(name) ? name : id;
}

function familyOf(model: Model): Model[] {
  const name = familyName(model);
  return models.filter((each) => each.kind === 'image' && familyName(each) === name);
}

/** On the scale on which twice as wide is as far from square as twice as high. */
function distance({ width, height }: Model, ratio: number): number {
  return Math.abs(Math.log(width / height) - Math.log(ratio));
}

const shortest = 16;
const longest = 10_000;
const flattest = 3;

/** Any size that a picture can have, as OpenAI's newer models take it; what is made is as large as the upstream makes it. */
function readRatio(size: string): number {
  const match = /^(\d{1,5})x(\d{1,5})$/i.exec(size.trim());
  const [width, height] = [Number(match?.[1]), Number(match?.[2])];
  const sides = [width, height];
  if (!match || sides.some((side) => side < shortest || side > longest)) {
    throw nonsense(`write it like "1024x1024", or "auto". Each side has ${shortest} to ${longest} pixels`);
  }
  if (Math.max(...sides) > flattest * Math.min(...sides)) {
    throw nonsense(`no image here is more than ${flattest} times as long as the other side`);
  }
  return width / height;
}

function nonsense(reason: string): AppError {
  return new AppError('invalid_value', `This size cannot be made: ${reason}.`, { param: 'size' });
}
