-- Whether people are told of a ticket and its follow-ups; rules decide it when the ticket is opened.

ALTER TABLE ticket ADD COLUMN notify BOOLEAN NOT NULL DEFAULT true;
