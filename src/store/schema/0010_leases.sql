-- Who works at what, until when, where several hosts share one store. Each taking over has a number of its own.

CREATE TABLE lease (
  name TEXT NOT NULL PRIMARY KEY,
  owner TEXT NOT NULL,
  number INTEGER NOT NULL,
  until TEXT NOT NULL
) STRICT;
