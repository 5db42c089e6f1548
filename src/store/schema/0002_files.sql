-- What a file was called where its name could do harm, and whether its ticket held the same file before.

ALTER TABLE attachment ADD COLUMN given_name TEXT;
ALTER TABLE attachment ADD COLUMN repeated INTEGER NOT NULL DEFAULT 0 CHECK (repeated IN (0, 1));
