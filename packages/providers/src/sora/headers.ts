/** The header profiles of the upstream's own clients. Source: sora-web.md 1.2; one pair of user agents per token (its fault 49). */
import type { AccountContext } from '@reelay/contracts/provider';
import { pickClientProfile } from './sentinel/client-profile.js';

type Headers = Record<string, string>;
type Identity = Pick<AccountContext, 'credential'>;

const web = { Origin: 'https://sora.chatgpt.com', Referer: 'https://sora.chatgpt.com/' };

/** What the mobile app sends, with a content type even on GET. */
export function appHeaders(context: Identity): Headers {
  return { ...authorization(context), 'User-Agent': appAgent(context), 'Content-Type': 'application/json' };
}

/** The paid request: the app's, with the proof. */
export function createHeaders(context: Identity, sentinelToken: string): Headers {
  return {
    ...authorization(context),
    'openai-sentinel-token': sentinelToken,
    'Content-Type': 'application/json',
    'User-Agent': appAgent(context),
    ...web,
  };
}

export function sentinelHeaders(context: Identity): Headers {
  return {
    Accept: 'application/json, text/plain, */*',
    'Content-Type': 'application/json',
    ...web,
    'User-Agent': desktopAgent(context),
    ...authorization(context),
  };
}

/** `/me` and subscriptions are read by the web page. */
export function accountHeaders(context: Identity): Headers {
  return { ...authorization(context), Accept: 'application/json', 'User-Agent': desktopAgent(context), ...web };
}

/** Invitation, activation and quota are read by the app. */
export function appAccountHeaders(context: Identity): Headers {
  return { ...authorization(context), Accept: 'application/json', 'User-Agent': appAgent(context) };
}

/** The only call that carries a cookie, and no access token. */
export function sessionHeaders(context: Identity, sessionToken: string): Headers {
  return {
    Cookie: `__Secure-next-auth.session-token=${sessionToken}`,
    Accept: 'application/json',
    'User-Agent': desktopAgent(context),
    ...web,
  };
}

export function exchangeHeaders(context: Identity): Headers {
  return { Accept: 'application/json', 'Content-Type': 'application/json', 'User-Agent': appAgent(context) };
}

function authorization({ credential }: Identity): Headers {
  return { Authorization: `Bearer ${credential.accessToken}` };
}

function appAgent({ credential }: Identity): string {
  return pickClientProfile(credential.tokenId).appUserAgent;
}

function desktopAgent({ credential }: Identity): string {
  return pickClientProfile(credential.tokenId).desktopUserAgent;
}
