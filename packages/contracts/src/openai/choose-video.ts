/** Which model of the catalogue makes the video that was asked for, and what was asked where it may differ from what is made. */
import { AppError } from '../errors.js';
import { findOpenAiName, modelOfOpenAiName, type OpenAiName } from '../models/openai-names.js';
import { getModel, type Model } from '../models.js';

/** As clients write them; null is left out. */
export interface AskedVideo {
  model?: string | null | undefined;
  seconds?: string | number | null | undefined;
  size?: string | null | undefined;
}

export interface ChosenVideo {
  model: Model;
  asked: Record<string, string>;
}

/**
 * One of OpenAI's names, or none, leaves the choice to size and seconds; a model of the catalogue is what its id says.
 * @throws AppError `model_not_found`, `invalid_value`, `not_supported_by_model`
 */
export function chooseVideo({ model, ...written }: AskedVideo): ChosenVideo {
  const [seconds, size] = [leftOut(written.seconds), leftOut(written.size)];
  const asked = {
    ...(model == null ? {} : { model }),
    ...(seconds == null ? {} : { seconds: String(seconds) }),
    ...(size == null ? {} : { size }),
  };
  const name = findOpenAiName(model ?? defaultName);
  if (name) {
    const landscape = model == null ? { orientation: 'landscape' as const } : {};
    return { model: modelOfOpenAiName(name, { ...landscape, ...readWishes({ seconds, size }) }), asked };
  }
  const { model: id, ...others } = asked;
  const chosen = getVideoModel(id ?? defaultName);
  if (seconds != null) checkSeconds(seconds, chosen);
  if (size != null) checkSize(size, chosen);
  return { model: chosen, asked: others };
}

/** Forms and nodes of workflows send what was left out as an empty text. */
function leftOut<Value>(value: Value): Value | undefined {
  return value === '' ? undefined : value;
}

/** Without a model it is this one, and where no size is given either a landscape: so it was before there were OpenAI's names. */
const defaultName = 'sora-2' satisfies OpenAiName['id'];

/** @throws AppError `model_not_found`, `not_supported_by_model` */
export function getVideoModel(id: string): Model {
  const model = getModel(id);
  if (model.kind === 'video') return model;
  throw new AppError(
    'not_supported_by_model',
    `"${model.id}" makes no videos: choose a video model, or use it through POST /v1/chat/completions.`,
    { param: 'model' },
  );
}

/** @throws AppError `invalid_value` */
export function readSeconds(given: string | number): number {
  const text = String(given).trim();
  if (/^\d{1,3}(\.\d{1,3})?$/.test(text) && Number(text) > 0) return Number(text);
  throw new AppError('invalid_value', 'seconds must be a number of seconds, like "10".', { param: 'seconds' });
}

function readWishes({ seconds, size }: AskedVideo) {
  return { ...(seconds == null ? {} : { seconds: readSeconds(seconds) }), ...(size == null ? {} : readSize(size)) };
}

/** Any `WIDTHxHEIGHT` says which side is the longer one; a square counts as landscape. */
function readSize(size: string): { orientation: 'landscape' | 'portrait'; longSide: number } {
  const match = /^([1-9]\d{1,4})x([1-9]\d{1,4})$/.exec(size.trim());
  if (!match) throw new AppError('invalid_value', 'size must look like "1280x720".', { param: 'size' });
  const [width, height] = [Number(match[1]), Number(match[2])];
  return { orientation: width >= height ? 'landscape' : 'portrait', longSide: Math.max(width, height) };
}

/** The model id fixes the length; another number is refused rather than silently changed. */
function checkSeconds(seconds: string | number, model: Model): void {
  if (readSeconds(seconds) === model.seconds) return;
  throw new AppError(
    'invalid_value',
    `"${model.id}" makes ${model.seconds} seconds; leave seconds out or choose another model ("sora-2" takes any length).`,
    { param: 'seconds' },
  );
}

/** Any size of the model's orientation is taken; the object says what is really made. */
function checkSize(size: string, model: Model): void {
  const { orientation } = readSize(size);
  if (model.extends) {
    throw new AppError(
      'not_supported_by_model',
      `"${model.id}" keeps the size of the video it continues: leave size out.`,
      { param: 'size' },
    );
  }
  if (orientation === model.orientation) return;
  throw new AppError(
    'invalid_value',
    `"${model.id}" is ${model.orientation} and ${size} is ${orientation}; choose the other model or size.`,
    { param: 'size' },
  );
}
