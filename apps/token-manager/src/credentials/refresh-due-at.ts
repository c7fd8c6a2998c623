/** When a credential is renewed ahead of its end. By its own name and version, so that no restart and no second replica moves it. */
import { createHash } from 'node:crypto';

export interface CredentialLife {
  id: string;
  version: number;
  /** Unix ms; where the access token does not say when it was issued, it counts from when it is first reckoned with. */
  issuedAt: number | null;
  expiresAt: number;
  now: number;
}

/** After `share` of its lifetime, or earlier by up to the share `jitter` of that: accounts that came together do not fall due together. */
export function refreshDueAt(
  { id, version, issuedAt, expiresAt, now }: CredentialLife,
  { share, jitter }: { share: number; jitter: number },
): number {
  const begin = Math.min(issuedAt ?? now, now, expiresAt);
  const chance = createHash('sha256').update(`${id}:${version}`).digest().readUInt32BE() / 2 ** 32;
  return Math.round(begin + (expiresAt - begin) * share * (1 - jitter * chance));
}
