/**
 * A lane is what makes waiting rows interchangeable: whatever token may serve one of its rows may serve them all.
 * Its key is a column of the generation, so assignment groups by it without reading requests.
 */
import type { GenerationKind } from './domain.js';

export interface Lane {
  provider: string;
  kind: GenerationKind;
  /** `pro`: only a token of plan `pro` will do; `any`: every plan. */
  plan: 'any' | 'pro';
  /** Needs the Sora 2 capability; a token whose capability is unknown counts as able. */
  sora2: boolean;
  /** Extensions, private characters and drafts can only be served by the token that owns them. */
  tokenId?: string;
}

/** `sora:video:any:sora2`, `sora:image:any:-`, pinned: `sora:video:any:sora2:01J…`. */
export function laneKey(lane: Lane): string {
  const parts = [lane.provider, lane.kind, lane.plan, lane.sora2 ? 'sora2' : '-'];
  return (lane.tokenId === undefined ? parts : [...parts, lane.tokenId]).join(':');
}

export function parseLane(key: string): Lane {
  const [provider, kind, plan, sora2, tokenId] = key.split(':');
  if (!provider || !kind || (plan !== 'any' && plan !== 'pro')) throw new Error(`"${key}" is not a lane key`);
  return {
    provider,
    kind: kind as GenerationKind,
    plan,
    sora2: sora2 === 'sora2',
    ...(tokenId ? { tokenId } : {}),
  };
}
