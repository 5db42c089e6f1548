-- Who delivers has a lease, which says until when its rows are in hand: they say it no more.

ALTER TABLE outbox DROP COLUMN leased_until;
ALTER TABLE event DROP COLUMN leased_until;
