-- Asked before every submit on a token where unknown outcomes are found by elimination; without them both read its whole history.
-- When its last attempt was closed without anybody knowing what became of it.
CREATE INDEX submit_attempt_unresolved ON submit_attempt (token_id, closed_at) WHERE state IN ('absent', 'lost');
-- Its latest finished operations, by which a listing knows where it may stop.
CREATE INDEX submit_attempt_landmark ON submit_attempt (token_id, closed_at) WHERE state = 'ended';
