-- What a run has in hand. A row that is left when nobody works at the mailbox tells of a run that died with the item.

CREATE TABLE in_flight (
  source BIGINT NOT NULL REFERENCES source (id),
  item TEXT COLLATE "C" NOT NULL,
  run BIGINT NOT NULL REFERENCES run (id),
  deaths BIGINT NOT NULL CHECK (deaths >= 0),
  PRIMARY KEY (source, item)
);
