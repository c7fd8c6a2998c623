import type { CallContext } from '@reelay/contracts/provider';
import { z } from 'zod';
import { callJson } from '../calls/call-json.js';
import { classifyFailure } from '../calls/classify-failure.js';
import { sentinelHeaders } from '../calls/headers.js';
import type { UpstreamStep } from '../calls/upstream-step.js';
import { pickClientProfile } from './client-profile.js';
import { createConfigArray } from './config-array.js';

const flow = 'sora_2_create_task';
const initialPrefix = 'gAAAAAC';
const proofPrefix = 'gAAAAAB';
const suffix = '~S';
/** Easy on purpose: 16 tries on average, against a seed of our own. */
const initialDifficulty = '0fffff';
const requestTimeoutMs = 10_000;

const requirementsSchema = z.object({
  token: z.string().nullish(),
  turnstile: z.object({ dx: z.string().nullish() }).nullish(),
  proofofwork: z
    .object({ required: z.boolean().nullish(), seed: z.string().nullish(), difficulty: z.string().nullish() })
    .nullish(),
});
export type Requirements = z.infer<typeof requirementsSchema>;

/**
 * Value of the `openai-sentinel-token` header for one paid request: an easy proof of our own opens the request for requirements, and
 * the proof it asks for goes into the token. Good for one use, never kept. Source: sora-web.md 2.1. @throws UpstreamError
 */
export async function createSentinelToken(context: CallContext): Promise<string> {
  const id = context.uuid();
  const seed = String(context.random());
  const initial = initialPrefix + (await solve(context, { seed, difficulty: initialDifficulty }));
  const requirements = await requestRequirements(context, initial, id);
  return assembleSentinelToken({ proof: await answer(context, requirements, initial), requirements, id, flow });
}

/**
 * Compact JSON in exactly this order of keys. What is not ASCII is escaped, which reads the same: it stands in a header, and there no
 * other character survives.
 */
export function assembleSentinelToken(parts: {
  proof: string;
  requirements: Requirements;
  id: string;
  flow: string;
}): string {
  const json = JSON.stringify({
    p: parts.proof.endsWith(suffix) ? parts.proof : parts.proof + suffix,
    t: parts.requirements.turnstile?.dx ?? '',
    c: parts.requirements.token ?? '',
    id: parts.id,
    flow: parts.flow,
  });
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function requestRequirements(context: CallContext, proof: string, id: string): Promise<Requirements> {
  return callJson(
    context,
    { kind: 'call', name: 'POST sentinel/req' },
    {
      method: 'POST',
      url: context.target.urls.sentinel ?? '',
      headers: sentinelHeaders(context),
      body: JSON.stringify({ p: proof, flow, id }),
      timeoutMs: requestTimeoutMs,
    },
    requirementsSchema,
  );
}

async function answer(context: CallContext, { proofofwork }: Requirements, initial: string): Promise<string> {
  const { required, seed, difficulty } = proofofwork ?? {};
  if (!required || !seed || !difficulty) return initial;
  return proofPrefix + (await solve(context, { seed, difficulty }));
}

/** A search that failed is not sent, although the observed client does: it can only be refused, and would count as a refusal. */
async function solve(context: CallContext, challenge: { seed: string; difficulty: string }): Promise<string> {
  const config = createConfigArray(pickClientProfile(context.credential.tokenId), context);
  const step: UpstreamStep = { kind: 'call', name: 'proof of work' };
  try {
    const { solution, solved } = await context.solver.solve({ ...challenge, config }, context.signal);
    if (solved) return solution;
  } catch (cause) {
    throw classifyFailure(step, cause);
  }
  throw classifyFailure(
    step,
    new Error(`nothing found for difficulty ${challenge.difficulty}; a new one is asked for`),
  );
}
