/** Why a lane's rows wait, in one sentence for people. Pure. */
import type { Lane } from '@reelay/contracts/lane';
import type { LaneSurvey } from './survey-lane.js';

/** Null while a slot is free: then nothing waits for longer than an assignment takes. */
export function describeLane(lane: Lane, survey: LaneSurvey): string | null {
  if (survey.tokens === 0) return describeIncapacity(lane);
  if (survey.freeSlots > 0) return null;
  const { tokens, busy, resting, cutOff, exhausted, needAttention, recoversAt } = survey;
  const until = recoversAt ? ` until ${clockTime(recoversAt)}` : '';
  if (busy === tokens) return tokens === 1 ? 'the only account is busy' : `all ${tokens} accounts are busy`;
  if (resting === tokens) return `every account rests${until}`;
  if (cutOff === tokens)
    return `no account can be reached through its proxy${recoversAt ? `, tried again at ${clockTime(recoversAt)}` : ''}`;
  if (exhausted === tokens) return `every account has used up its quota${until}`;
  if (needAttention === tokens)
    return tokens === 1 ? 'the only account needs attention' : 'every account needs attention';
  const parts = [
    part(busy, 'is busy', 'are busy'),
    part(resting, 'rests', 'rest'),
    part(cutOff, 'is cut off by its proxy', 'are cut off by their proxies'),
    part(exhausted, 'has used up its quota', 'have used up their quota'),
    part(needAttention, 'needs attention', 'need attention'),
  ].flatMap((text) => text ?? []);
  return `of ${tokens} accounts ${parts.join(', ')}${recoversAt ? `; the first is back at ${clockTime(recoversAt)}` : ''}`;
}

function describeIncapacity(lane: Lane): string {
  if (lane.tokenId !== undefined) return 'the account that this depends on is gone';
  if (lane.plan === 'pro') return 'no account with plan pro';
  return lane.sora2 ? 'no account with Sora 2' : `no account that makes ${lane.kind === 'image' ? 'images' : 'videos'}`;
}

function part(count: number, one: string, many: string): string | undefined {
  return count === 0 ? undefined : `${count} ${count === 1 ? one : many}`;
}

function clockTime(at: Date): string {
  return `${at.toISOString().slice(11, 16)} UTC`;
}
