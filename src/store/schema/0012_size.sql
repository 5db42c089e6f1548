-- What a run has in hand is asked for by the run when one is pruned. A mail is known by its octets only where it has no
-- Message-ID, which is rare: the others need no place in that index. The other indexes were for nothing, a place far from
-- all others to be written for each message: nothing asks by them, and a ticket is never removed.

CREATE INDEX in_flight_by_run ON in_flight (run);

DROP INDEX outcome_by_raw_sha256;
CREATE INDEX outcome_by_raw_sha256 ON outcome (source, raw_sha256) WHERE message_id IS NULL;

DROP INDEX participant_by_key;
DROP INDEX outcome_by_ticket;
DROP INDEX message_reference_by_ticket;
DROP INDEX outbox_by_ticket;
DROP INDEX outbox_by_other;
