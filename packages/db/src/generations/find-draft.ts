/**
 * From one of our generations to what it made upstream (its draft, `gen_…`) and back. A remix, an extension or a character starts from a
 * draft, and only the account that has it can do that: its lane is pinned to `tokenId`.
 */
import type { GenerationKind, GenerationState } from '@reelay/contracts/domain';
import type { Queryable } from '../client.js';

export interface OwnDraft {
  generationId: string;
  kind: GenerationKind;
  /** Only what succeeded can be started from; of the others it is told so that the refusal can say why. */
  state: GenerationState;
  /** Null where it has none: not made yet, failed, or of a kind that leaves no draft (images, characters, texts). */
  draft: { id: string; tokenId: string; isTokenGone: boolean } | null;
}

/** Undefined also for a generation that belongs to somebody else or was deleted. The id is the bare ULID. */
export async function findOwnDraft(
  database: Queryable,
  of: { generationId: string; ownerId: string },
): Promise<OwnDraft | undefined> {
  const [row] = await database.$queryRaw<OwnDraft[]>`
    SELECT generation.id AS "generationId", kind, generation.state, draft.found AS draft
    FROM generation LEFT JOIN LATERAL (
      SELECT jsonb_build_object('id', draft_id, 'tokenId', token.id, 'isTokenGone', hidden_at IS NOT NULL) AS found
      FROM submit_attempt AS attempt JOIN token ON token.id = attempt.token_id
      WHERE attempt.generation_id = generation.id AND attempt.state = 'ended' AND draft_id IS NOT NULL
      ORDER BY step DESC, n DESC LIMIT 1
    ) AS draft ON true
    WHERE generation.id = ${of.generationId} AND owner_id = ${of.ownerId} AND deleted_at IS NULL`;
  return row;
}

export interface DraftMaker {
  generationId: string;
  /** Whoever asks must be this owner; to anybody else the draft does not exist. */
  ownerId: string;
  tokenId: string;
  isTokenGone: boolean;
  /** Then it exists for nobody any more, as long as it is known of. */
  isDeleted: boolean;
}

/** Which generation made the draft of this upstream id (`gen_…`); undefined when none of ours did. Not owner-checked. */
export async function findDraftMaker(database: Queryable, draftId: string): Promise<DraftMaker | undefined> {
  const [row] = await database.$queryRaw<DraftMaker[]>`
    SELECT generation_id AS "generationId", owner_id AS "ownerId", token.id AS "tokenId", hidden_at IS NOT NULL AS "isTokenGone",
      deleted_at IS NOT NULL AS "isDeleted"
    FROM submit_attempt AS attempt
    JOIN generation ON generation.id = attempt.generation_id JOIN token ON token.id = attempt.token_id
    WHERE draft_id = ${draftId} ORDER BY attempt.created_at DESC LIMIT 1`;
  return row;
}
