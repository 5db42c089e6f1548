-- How long mail takes to its ticket, read by the day without reading the mails.

CREATE INDEX message_by_time ON message (stored_at, received_at) WHERE direction = 'in';
