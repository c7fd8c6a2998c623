import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { requireAccount } from '../http/authenticate.js';
import { strictBody } from '../http/strict-body.js';
import { timedId } from '../identifiers.js';
import { callerOf } from '../tasks/admit-submit.js';
import { promptSchema } from '../tasks/body-parts.js';
import type { World } from '../world.js';
import { enhancePrompt } from './enhance-prompt.js';

const enhanceSchema = z.strictObject({
  prompt: promptSchema,
  expansion_level: z.enum(['short', 'medium', 'long']),
  duration_s: z.literal([10, 15, 20]),
});

/** Making a long prompt of a short one. It costs nothing, so no sentinel token is asked for. */
export function registerEnhanceRoutes(server: FastifyInstance, world: World): void {
  const { accounts, enhancements, now, source } = world;

  server.post('/backend/editor/enhance_prompt', { config: { endpoint: 'enhance' } }, (request) => {
    const account = requireAccount(request, accounts);
    const body = strictBody(enhanceSchema, request.body);
    const { prompt, expansion_level: level, duration_s: durationSeconds } = body;
    const enhancedPrompt = enhancePrompt(prompt, level, durationSeconds);
    enhancements.put({
      ...callerOf(request),
      id: timedId('enhancement', now(), source.bytes('enhancement')),
      account: account.email,
      createdAt: now(),
      prompt,
      level,
      durationSeconds,
      enhancedPrompt,
      body,
    });
    return { enhanced_prompt: enhancedPrompt };
  });
}
