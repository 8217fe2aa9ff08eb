-- What housekeeping forgets and what a peer's end and return touch is found without reading tables
-- from one end to the other; tests/server/test_query_plans.py holds every query to that.

CREATE INDEX account_peer ON account (peer_id) WHERE peer_id IS NOT NULL;
CREATE INDEX following_peer_peer ON following_peer (peer_id);
CREATE INDEX tombstone_at ON tombstone (at_ms);
CREATE INDEX remote_key_dead ON remote_key (fetched_ms) WHERE state = 'dead';
CREATE INDEX parked_delivery_at ON parked_delivery (at_ms);
CREATE INDEX login_failure_at ON login_failure (at_ms);
CREATE INDEX mute_until ON mute (until_ms) WHERE until_ms IS NOT NULL;
