-- A message that lies on a ticket is found by its own row, which tells the item that it came as. The ledger's index of
-- Message-IDs is for the other items alone, which are few: a place far from all others to be written for each message.
-- Rows of before keep their place in it. The source is no declared reference, which would be looked up for each message: the
-- ledger's own is, and nothing removes a source.

ALTER TABLE message ADD COLUMN source BIGINT;
ALTER TABLE message ADD COLUMN item TEXT COLLATE "C" CHECK ((item IS NULL) = (source IS NULL));

ALTER TABLE outcome ADD COLUMN listed BOOLEAN NOT NULL DEFAULT TRUE;

DROP INDEX outcome_by_message_id;
CREATE INDEX outcome_by_message_id ON outcome (source, message_id) WHERE listed;
