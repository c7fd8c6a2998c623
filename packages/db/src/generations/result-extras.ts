/** What a result holds besides media. Kept with the generation from the moment the upstream gives it until the result is written. */
import { type GenerationResult, generationResultSchema } from '@reelay/contracts/generation-request';

export type ResultExtras = Pick<GenerationResult, 'text' | 'character'>;

const schema = generationResultSchema.pick({ text: true, character: true });

/** From the row, where nothing is `null`. */
export function readResultExtras(stored: unknown): ResultExtras {
  return schema.parse(stored ?? {});
}
