import type { CallContext, ProviderTarget } from '@reelay/contracts/provider';
import { send } from '../calls/call-json.js';
import { classifyAnswer } from '../calls/classify-failure.js';
import { mediaHeaders } from '../calls/headers.js';
import type { UpstreamStep } from '../calls/upstream-step.js';
import { refusal } from '../submit/refuse-request.js';

const step: UpstreamStep = { kind: 'call', name: 'GET the avatar', about: 'media' };
const maximumBytes = 10 * 1024 * 1024;
const timeoutMs = 60_000;

/**
 * The picture that the upstream cut out of the video. Its address comes out of an answer, so it is followed only to hosts that the target
 * allows, and no redirect is. @throws UpstreamError
 */
export async function fetchAvatar(address: string, context: CallContext): Promise<Uint8Array> {
  if (!isMediaAddress(address, context.target)) {
    throw refusal(
      'media_unavailable',
      'The avatar lies on a host that media may not come from. If the upstream has a new one, add it to the media hosts of its target.',
    );
  }
  const headers = mediaHeaders(context);
  const response = await send(context, step, { method: 'GET', url: address, headers, maximumBytes, timeoutMs });
  if (response.status !== 200 || response.bytes.length === 0) throw classifyAnswer(step, response, context.now());
  return response.bytes;
}

/** `host` and `host:port` as they are; below `*.` only what is encrypted. */
function isMediaAddress(address: string, { mediaHosts }: ProviderTarget): boolean {
  const url = URL.parse(address);
  if (url === null || !['https:', 'http:'].includes(url.protocol)) return false;
  return mediaHosts.some((allowed) =>
    allowed.startsWith('*.')
      ? url.protocol === 'https:' && url.hostname.endsWith(allowed.slice(1))
      : url.host === allowed || url.hostname === allowed,
  );
}
