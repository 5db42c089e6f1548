-- What a run has in hand is asked for by the run when one is pruned. A mail is known by its octets only where it has no
-- Message-ID, which is rare: the others need no place in that index.

CREATE INDEX in_flight_by_run ON in_flight (run);

DROP INDEX outcome_by_raw_sha256;
CREATE INDEX outcome_by_raw_sha256 ON outcome (source, raw_sha256) WHERE message_id IS NULL;
