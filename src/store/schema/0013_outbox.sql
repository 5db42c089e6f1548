-- How many an address got lately is counted among the last hours' rows, which lie together; an index that begins with the
-- address has a place far from all others to be written for each row. What came back for a time is rare.

DROP INDEX outbox_by_key;
CREATE INDEX outbox_soft ON outbox (key, created_at) WHERE bounce = 'soft';

DROP INDEX outbox_by_time;
CREATE INDEX outbox_by_time ON outbox (created_at, key) WHERE state <> 'suppressed';
