-- What a file was called where its name could do harm, and whether its ticket held the same file before.

ALTER TABLE attachment ADD COLUMN given_name TEXT COLLATE "C";
ALTER TABLE attachment ADD COLUMN repeated BOOLEAN NOT NULL DEFAULT false;
