-- The few failures among very many successes, as the log shows them.
CREATE INDEX webhook_delivery_failed ON webhook_delivery (endpoint_id, created_at, id) WHERE state = 'failed';
-- Which endpoints are being sent to just now.
CREATE INDEX webhook_delivery_claimed ON webhook_delivery (endpoint_id) WHERE state = 'pending' AND claimed_until IS NOT NULL;
