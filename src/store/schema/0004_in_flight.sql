-- What a run has in hand. A row that is left when nobody works at the mailbox tells of a run that died with the item.

CREATE TABLE in_flight (
  source INTEGER NOT NULL REFERENCES source (id),
  item TEXT NOT NULL,
  run INTEGER NOT NULL REFERENCES run (id),
  deaths INTEGER NOT NULL CHECK (deaths >= 0),
  PRIMARY KEY (source, item)
) STRICT;
