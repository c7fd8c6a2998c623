import type { AccountContext } from '@reelay/contracts/provider';
import { z } from 'zod';
import { call, callJson } from '../calls/call-json.js';
import { nameHeaders } from '../calls/headers.js';
import { readMe } from './read-me.js';
import { tolerate } from './tolerate.js';

const maximumTries = 5;
const checkedSchema = z.object({ available: z.boolean().nullish() });

/**
 * Gives an account without a name one, for without it the app shows it nothing; undefined when that did not work, which changes nothing
 * else. Source: sora-web.md 1.4.12. @throws UpstreamError only for a dead credential
 */
export async function claimUsername(context: AccountContext): Promise<string | undefined> {
  // Asked again: the account may have been opened since it was asked, and a name that is there must not be replaced.
  const me = await tolerate(readMe(context), undefined);
  if (me === undefined || me.username !== undefined) return me?.username;
  for (let tries = 1; tries <= maximumTries; tries += 1) {
    const username = inventUsername(context.random);
    if (
      (await tolerate(isAvailable(username, context), false)) &&
      (await tolerate(setUsername(username, context), false))
    ) {
      return username;
    }
  }
  return undefined;
}

async function isAvailable(username: string, context: AccountContext): Promise<boolean> {
  const { available } = await callJson(
    context,
    { kind: 'call', name: 'POST project_y/profile/username/check' },
    named('check', username, context),
    checkedSchema,
  );
  return available === true;
}

async function setUsername(username: string, context: AccountContext): Promise<true> {
  await call(context, { kind: 'offer', name: 'POST project_y/profile/username/set' }, named('set', username, context));
  return true;
}

function named(what: 'check' | 'set', username: string, context: AccountContext) {
  return {
    method: 'POST' as const,
    url: `${context.target.urls.backend}/project_y/profile/username/${what}`,
    headers: nameHeaders(context),
    body: JSON.stringify({ username }),
  };
}

/** Four syllables and four digits, e.g. `ravelimo4821`: letters and digits are allowed everywhere. */
function inventUsername(random: () => number): string {
  const pick = (letters: string) => letters[Math.floor(random() * letters.length)] ?? letters.charAt(0);
  const syllables = Array.from({ length: 4 }, () => pick('bdfghklmnprstvz') + pick('aeiou'));
  return `${syllables.join('')}${1_000 + Math.floor(random() * 9_000)}`;
}
