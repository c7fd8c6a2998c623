-- What the upstream has finished is paid for: that our store, the network or the upstream's servers are away must not lose it. Only tries that
-- showed what will not change (addresses refused, something else in place of the media) bring its end before the deadline.
ALTER TABLE generation ADD COLUMN media_refusals integer NOT NULL DEFAULT 0;
