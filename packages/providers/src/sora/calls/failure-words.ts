/** By which words and codes the upstream's refusals are told apart. Source: sora-web.md 1.5; what real services of this sort answer. */

/** The second is what the same company's other services say. */
export const countryCodes: readonly string[] = ['unsupported_country_code', 'unsupported_country_region_territory'];

export const deadTokenCodes: readonly string[] = ['token_invalidated', 'token_expired'];

export const limitCodes: readonly string[] = [
  'too_many_concurrent_tasks',
  'rate_limit_exceeded',
  'rate_limit_reached',
  'rate_limit_exhausted',
];

/** Made by proxies in front of the upstream, never by itself. */
export const shieldCode = 'cf_shield_429';

export const overloadWords = /heavy[_ ]load/i;
export const policyWords = /content[_ -]polic|content[_ -]violat|guardrail|moderation/i;
export const proofWords = /sentinel|proof.?of.?work/i;

/** Only what speaks of an account's allowance: a prompt may be over a limit, too. */
export const quotaWords = /\bquota\b|insufficient_credit|used up your|out of (?:credits|videos|images|generations)/i;

const nameWords = /user_?name|handle/i;
const takenWords = /taken|not.?available|unavailable|already|exists|in use|duplicate|conflict/i;

/** Of the name we chose for a character. */
export function saysNameTaken(words: string): boolean {
  return nameWords.test(words) && takenWords.test(words);
}

/** That an account may not have this draft or clip, rather than that it may not do this at all. */
export const foreignParentWords = /generation_id|gen_|\bdrafts?\b|\bpost\b|not (?:yours|found)|belong|owner/i;
