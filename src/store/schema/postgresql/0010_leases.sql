-- Who works at what, until when, where several hosts share one store. Each taking over has a number of its own.

CREATE TABLE lease (
  name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  owner TEXT COLLATE "C" NOT NULL,
  number BIGINT NOT NULL,
  until TIMESTAMPTZ NOT NULL
);
