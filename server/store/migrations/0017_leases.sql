-- A claim names its worker, and who lost it ends nothing (server/store/leases.py). Peers that answer
-- slowly are claimed apart, so that they hold up nobody else.
ALTER TABLE job ADD COLUMN claimed_by INTEGER NOT NULL DEFAULT 0;
ALTER TABLE peer ADD COLUMN claimed_by INTEGER NOT NULL DEFAULT 0;
ALTER TABLE peer ADD COLUMN slow INTEGER NOT NULL DEFAULT 0;
DROP INDEX peer_due;
CREATE INDEX peer_due ON peer (slow, due_ms) WHERE due_ms IS NOT NULL;
