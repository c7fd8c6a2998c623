/** A new character as clients of sora2api know it (sora-web 10.2): a text with its name, and for `avatar-create` a card in JSON. Pure. */
import type { Character } from '@reelay/contracts/generation-request';
import type { PlannedWork } from '../generations/planned-work.js';

export interface CharacterCard {
  username: string;
  display_name: string;
  character_id: string | null;
  cameo_id: string;
  /** Of the avatar in our store; null where it could not be kept. */
  profile_asset_url: string | null;
  /** Sora's field, which it leaves empty. */
  instruction_set: null;
  public: true;
  source_model: string;
  /** The video that it was made of, where one was named. */
  source_generation_id?: string;
  /** Unix seconds. */
  created_at: number;
}

export function cardOf(
  character: Character,
  work: PlannedWork,
  avatarUrl: string | null,
  now = Date.now(),
): CharacterCard {
  return {
    username: character.username,
    display_name: character.displayName,
    character_id: character.characterId ?? null,
    cameo_id: character.cameoId,
    profile_asset_url: avatarUrl,
    instruction_set: null,
    public: true,
    source_model: work.model,
    ...(work.sourceId === undefined ? {} : { source_generation_id: work.sourceId }),
    created_at: Math.floor(now / 1000),
  };
}

export function cardLine(card: CharacterCard): string {
  return `${JSON.stringify({ event: 'character_card', card })}\n`;
}

/** Of a video model the first line alone, as its clients match it. */
export function describeCharacter(card: CharacterCard, { model }: PlannedWork): string {
  const created = `角色创建成功，角色名@${card.username}`;
  if (model !== 'avatar-create') return created;
  const lines = [
    created,
    `显示名：${card.display_name}`,
    ...(card.character_id === null ? [] : [`Character ID：${card.character_id}`]),
    `Cameo ID：${card.cameo_id}`,
  ];
  return lines.join('\n');
}
