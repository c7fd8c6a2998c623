-- What the trigger refuses is asked in its condition, for which no function is called: nearly every change of a generation is in order.
-- The function is as it was; nothing is rewritten, and the table is locked against writers for the moment of the exchange only.
CREATE OR REPLACE TRIGGER generation_change BEFORE UPDATE ON generation FOR EACH ROW WHEN (
  (OLD.state IN ('succeeded', 'failed', 'cancelled') AND (NEW.state <> OLD.state OR NEW.seq <> OLD.seq))
  OR (OLD.state = 'running' AND NEW.state = 'queued' AND NEW.step = OLD.step)
  OR NEW.seq < OLD.seq OR NEW.progress < OLD.progress OR NEW.fence < OLD.fence OR NEW.step < OLD.step
) EXECUTE FUNCTION refuse_generation_change();
