import { z } from 'zod';

/** What the upload hands on to the finalization. */
export const carriedCameoSchema = z.object({
  cameoId: z.string(),
  avatarUrl: z.string(),
  usernameHint: z.string(),
  displayName: z.string(),
});
export type CarriedCameo = z.infer<typeof carriedCameoSchema>;

/** What is settled before the finalization is sent, so that it can be looked for afterwards. */
export const preparedCharacterSchema = z.object({
  cameoId: z.string(),
  avatarUrl: z.string(),
  username: z.string(),
  displayName: z.string(),
  assetPointer: z.string(),
});
export type PreparedCharacter = z.infer<typeof preparedCharacterSchema>;
