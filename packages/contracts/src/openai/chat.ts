/** POST /v1/chat/completions as clients really send it. Unknown fields are ignored, as OpenAI's servers do. */
import { z } from 'zod';
import { AppError } from '../errors.js';
import { maximumPromptLength } from '../generation-request.js';

const textPart = z.object({ type: z.literal('text'), text: z.string() });
const otherPart = z.object({ type: z.string() });

const message = z.object({
  role: z.enum(['developer', 'system', 'user', 'assistant', 'tool', 'function']),
  content: z.union([z.string(), z.array(z.union([textPart, otherPart]))]).nullish(),
});

export const chatCompletionSchema = z.object({
  model: z.string().min(1),
  messages: z.array(message).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  n: z.number().int().nullish(),
});
export type ChatCompletion = z.infer<typeof chatCompletionSchema>;

/**
 * The prompt is the text of the last user message (of the last message when none is a user's), its text parts joined by newlines.
 * @throws AppError `missing_required_parameter`, `unsupported_parameter`, `not_supported_by_model`
 */
export function promptOfChat(chat: ChatCompletion): string {
  if (chat.n != null && chat.n !== 1) {
    throw new AppError('unsupported_parameter', 'One request makes one generation: leave `n` out or set it to 1.', {
      param: 'n',
    });
  }
  const last = chat.messages.findLast((candidate) => candidate.role === 'user') ?? chat.messages.at(-1);
  const prompt = textOf(last?.content).trim();
  if (prompt === '') {
    throw new AppError(
      'missing_required_parameter',
      'The last user message has no text: write the prompt into its content.',
      {
        param: 'messages',
      },
    );
  }
  if (prompt.length > maximumPromptLength) {
    throw new AppError('invalid_value', `The prompt is longer than ${maximumPromptLength} characters.`, {
      param: 'messages',
    });
  }
  return prompt;
}

function textOf(content: ChatCompletion['messages'][number]['content']): string {
  if (content == null) return '';
  if (typeof content === 'string') return content;
  const unsupported = content.find((part) => part.type !== 'text');
  if (unsupported) {
    throw new AppError(
      'not_supported_by_model',
      `This model takes text only; remove the part of type "${unsupported.type}".`,
      {
        param: 'messages',
      },
    );
  }
  return content.map((part) => ('text' in part ? part.text : '')).join('\n');
}
