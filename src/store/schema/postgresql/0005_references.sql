-- Which messages those on a ticket name, so that one which comes after its answer finds the ticket.

CREATE TABLE message_reference (
  message_id TEXT COLLATE "C" NOT NULL,
  ticket BIGINT NOT NULL REFERENCES ticket (id),
  PRIMARY KEY (message_id, ticket)
);

CREATE INDEX message_reference_by_ticket ON message_reference (ticket);
