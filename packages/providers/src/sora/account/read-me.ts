import type { AccountContext } from '@reelay/contracts/provider';
import { z } from 'zod';
import { callJson } from '../calls/call-json.js';
import { accountHeaders } from '../calls/headers.js';

const text = z.string().nullish().catch(null);
const meSchema = z.object({ email: text, name: text, username: text });

/** Who the account is, as far as it says. @throws UpstreamError */
export async function readMe(context: AccountContext): Promise<{ email?: string; name?: string; username?: string }> {
  const me = await callJson(
    context,
    { kind: 'call', name: 'GET me' },
    { method: 'GET', url: `${context.target.urls.backend}/me`, headers: accountHeaders(context) },
    meSchema,
  );
  const email = me.email?.trim();
  const name = me.name?.trim();
  const username = me.username?.trim();
  return { ...(email && { email }), ...(name && { name }), ...(username && { username }) };
}
