-- Quotas and usage are asked by key. By itself, and before the columns: while it is built, everything else goes on reading.
CREATE INDEX usage_key ON usage (api_key_id, kind, created_at);
