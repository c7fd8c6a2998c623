/** Why an image was not made, in the words of OpenAI's images API (openai-wire 1.9). Pure. */
import { AppError } from '@reelay/contracts/errors';
import { failureOf, type GenerationReference, referenceDetails } from '../generations/generation-error.js';

type Stored = Parameters<typeof failureOf>[0];

/** Only this API tells a refusal of the content by a type and a code of its own. */
export function imageFailureOf(stored: Stored, reference: GenerationReference): AppError {
  if (stored.code !== 'content_policy_violation') return failureOf(stored, reference);
  return new AppError('moderation_blocked', stored.message, { details: referenceDetails(reference) });
}
