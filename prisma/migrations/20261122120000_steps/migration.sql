-- Generations of several steps (a character, then the video with it), and what they leave upstream until they end.
ALTER TABLE generation
  -- What the step before handed on; opaque, the provider's.
  ADD COLUMN carried jsonb,
  -- What the upstream gave besides media ({text, character}), until the result is written.
  ADD COLUMN extras jsonb;

ALTER TABLE upstream_litter
  -- To be removed as soon as the generation has ended, however it ends; next_try_at is set then.
  ADD COLUMN awaits_end boolean NOT NULL DEFAULT false;
-- Asked with every answer that leaves something, and at the end of every generation.
CREATE INDEX upstream_litter_attempt ON upstream_litter (attempt_id);
CREATE INDEX upstream_litter_awaiting ON upstream_litter (attempt_id) WHERE awaits_end;
-- Asked with every listing of a reconciliation; the rows of what was removed stay.
CREATE INDEX upstream_litter_late ON upstream_litter (token_id) WHERE kind = 'late_answer';

-- References that no generation has come to use are swept by age.
CREATE INDEX asset_unused ON asset (created_at) WHERE role = 'reference' AND generation_id IS NULL;
-- Files of a generation, and references by their owner's ids.
CREATE INDEX asset_generation ON asset (generation_id) WHERE generation_id IS NOT NULL;

-- One of our generations is found by the upstream's id of what it made (a draft), to tell whose it is and which account has it.
ALTER TABLE submit_attempt ADD COLUMN draft_id text;
CREATE INDEX submit_attempt_draft ON submit_attempt (draft_id) WHERE draft_id IS NOT NULL;

-- Attempts that hold no slot (prompt enhancement) are counted per token.
ALTER TABLE submit_attempt ADD COLUMN slotless boolean NOT NULL DEFAULT false;
CREATE INDEX submit_attempt_slotless ON submit_attempt (token_id) WHERE slotless AND state IN ('intent', 'sent', 'acked', 'unknown');
