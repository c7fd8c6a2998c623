/** The header profiles of the upstream's own clients. Source: sora-web.md 1.2; one pair of user agents per token (its fault 49). */
import type { AccountContext } from '@reelay/contracts/provider';
import { pickClientProfile } from '../sentinel/client-profile.js';

type Headers = Record<string, string>;
type Identity = Pick<AccountContext, 'credential'>;

const web = { Origin: 'https://sora.chatgpt.com', Referer: 'https://sora.chatgpt.com/' };

/** What the mobile app sends, with a content type even on GET. */
export function appHeaders(context: Identity, contentType = 'application/json'): Headers {
  return { ...authorization(context), 'User-Agent': appAgent(context), 'Content-Type': contentType };
}

/** The app's, with the proof: for images, storyboards, extensions and posts. */
export function provenHeaders(context: Identity, sentinelToken: string): Headers {
  return { ...appHeaders(context), 'openai-sentinel-token': sentinelToken };
}

/** For plain videos and remixes. */
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

/** `/me` is read by the web page. */
export function accountHeaders(context: Identity): Headers {
  return { ...authorization(context), Accept: 'application/json', 'User-Agent': desktopAgent(context), ...web };
}

/** Invitation and activation are the web page's affair, too. */
export function jsonHeaders(context: Identity): Headers {
  return { ...bareHeaders(context), Accept: 'application/json' };
}

/** What is left is asked for by the app. */
export function quotaHeaders(context: Identity): Headers {
  return { ...jsonHeaders(context), 'User-Agent': appAgent(context) };
}

/** Subscriptions, and everything that is deleted. */
export function bareHeaders(context: Identity): Headers {
  return { ...authorization(context), 'User-Agent': desktopAgent(context) };
}

/** The account's own name. */
export function nameHeaders(context: Identity): Headers {
  return { ...bareHeaders(context), 'Content-Type': 'application/json' };
}

/** An invitation is accepted by a browser that has been there before. */
export function inviteHeaders(context: Identity): Headers {
  const { deviceId, desktopUserAgent } = pickClientProfile(context.credential.tokenId);
  return {
    authorization: `Bearer ${context.credential.accessToken}`,
    cookie: `oai-did=${deviceId}`,
    'User-Agent': desktopUserAgent,
    'Content-Type': 'application/json',
  };
}

/** The call that carries the session, and no access token. */
export function sessionHeaders(context: Identity, sessionToken: string): Headers {
  return {
    Cookie: `__Secure-next-auth.session-token=${sessionToken}`,
    Accept: 'application/json',
    'User-Agent': desktopAgent(context),
    ...web,
  };
}

export function exchangeHeaders(context: Identity): Headers {
  return { Accept: 'application/json', 'Content-Type': 'application/json', 'User-Agent': desktopAgent(context) };
}

/** Media are fetched with nothing of the account but its user agent: the address itself is the key. */
export function mediaHeaders(context: Identity): Headers {
  return { 'User-Agent': desktopAgent(context) };
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
