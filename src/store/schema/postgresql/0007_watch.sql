-- What is watched: how mailboxes and back ends are, what became of how many items, which thresholds are reached; alerts as mails of
-- the outbox, which belong to no ticket; indexes of what is looked up by time or run.

ALTER TABLE mailbox_state ADD COLUMN failing_since TIMESTAMPTZ;
ALTER TABLE mailbox_state ADD COLUMN error_code TEXT COLLATE "C";
ALTER TABLE mailbox_state ADD COLUMN error_message TEXT COLLATE "C";
ALTER TABLE mailbox_state ADD COLUMN certificate_expires TIMESTAMPTZ;
ALTER TABLE mailbox_state ADD COLUMN token_expires TIMESTAMPTZ;

CREATE TABLE backend_state (
  backend TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  last_success TIMESTAMPTZ,
  last_failure TIMESTAMPTZ,
  failures BIGINT NOT NULL CHECK (failures >= 0),
  failing_since TIMESTAMPTZ,
  error_code TEXT COLLATE "C",
  error_message TEXT COLLATE "C",
  certificate_expires TIMESTAMPTZ,
  token_expires TIMESTAMPTZ
);

ALTER TABLE outcome ADD COLUMN first_at TIMESTAMPTZ;

CREATE INDEX outcome_by_run ON outcome (run);

CREATE TABLE outcome_count (
  mailbox TEXT COLLATE "C" NOT NULL,
  outcome TEXT COLLATE "C" NOT NULL,
  count BIGINT NOT NULL CHECK (count > 0),
  PRIMARY KEY (mailbox, outcome)
);

INSERT INTO outcome_count (mailbox, outcome, count)
SELECT source.mailbox, outcome.outcome, count(*)
FROM outcome
JOIN source ON source.id = outcome.source
GROUP BY source.mailbox, outcome.outcome;

CREATE TABLE alert (
  threshold TEXT COLLATE "C" NOT NULL,
  subject TEXT COLLATE "C" NOT NULL,
  reached BOOLEAN NOT NULL,
  since TIMESTAMPTZ NOT NULL,
  text TEXT COLLATE "C" NOT NULL,
  told BOOLEAN NOT NULL,
  told_at TIMESTAMPTZ,
  PRIMARY KEY (threshold, subject)
);

CREATE INDEX suppressed_by_end ON suppressed (until);

ALTER TABLE outbox ALTER COLUMN ticket DROP NOT NULL;
ALTER TABLE outbox ALTER COLUMN role DROP NOT NULL;
ALTER TABLE outbox ADD COLUMN text TEXT COLLATE "C";
ALTER TABLE outbox DROP CONSTRAINT outbox_template_check;
ALTER TABLE outbox ADD CHECK
  (template IN ('created', 'announced', 'updated', 'reopened', 'closed', 'too-large', 'alert'));
ALTER TABLE outbox ADD CHECK ((template = 'alert') = (ticket IS NULL));
ALTER TABLE outbox ADD CHECK ((ticket IS NULL) = (role IS NULL));
ALTER TABLE outbox ADD CHECK ((ticket IS NULL) = (text IS NOT NULL));
