-- Which messages those on a ticket name, so that one which comes after its answer finds the ticket.

CREATE TABLE message_reference (
  message_id TEXT NOT NULL,
  ticket INTEGER NOT NULL REFERENCES ticket (id),
  PRIMARY KEY (message_id, ticket)
) STRICT;

CREATE INDEX message_reference_by_ticket ON message_reference (ticket);
