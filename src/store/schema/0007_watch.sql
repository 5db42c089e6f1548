-- What is watched: how mailboxes and back ends are, what became of how many items, which thresholds are reached; alerts as mails of
-- the outbox, which belong to no ticket; indexes of what is looked up by time or run.

ALTER TABLE mailbox_state ADD COLUMN failing_since TEXT;
ALTER TABLE mailbox_state ADD COLUMN error_code TEXT;
ALTER TABLE mailbox_state ADD COLUMN error_message TEXT;
ALTER TABLE mailbox_state ADD COLUMN certificate_expires TEXT;
ALTER TABLE mailbox_state ADD COLUMN token_expires TEXT;

CREATE TABLE backend_state (
  backend TEXT NOT NULL PRIMARY KEY,
  last_success TEXT,
  last_failure TEXT,
  failures INTEGER NOT NULL CHECK (failures >= 0),
  failing_since TEXT,
  error_code TEXT,
  error_message TEXT,
  certificate_expires TEXT,
  token_expires TEXT
) STRICT;

ALTER TABLE outcome ADD COLUMN first_at TEXT;

CREATE INDEX outcome_by_run ON outcome (run);

CREATE TABLE outcome_count (
  mailbox TEXT NOT NULL,
  outcome TEXT NOT NULL,
  count INTEGER NOT NULL CHECK (count > 0),
  PRIMARY KEY (mailbox, outcome)
) STRICT;

INSERT INTO outcome_count (mailbox, outcome, count)
SELECT source.mailbox, outcome.outcome, count(*)
FROM outcome
JOIN source ON source.id = outcome.source
GROUP BY source.mailbox, outcome.outcome;

CREATE TABLE alert (
  threshold TEXT NOT NULL,
  subject TEXT NOT NULL,
  reached INTEGER NOT NULL CHECK (reached IN (0, 1)),
  since TEXT NOT NULL,
  text TEXT NOT NULL,
  told INTEGER NOT NULL CHECK (told IN (0, 1)),
  told_at TEXT,
  PRIMARY KEY (threshold, subject)
) STRICT;

CREATE INDEX suppressed_by_end ON suppressed (until);

-- SQLite cannot let a column be NULL afterwards: the table is made anew. The program checks that nothing refers to what is
-- not there before it keeps this.
CREATE TABLE outbox_new (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  ticket INTEGER REFERENCES ticket (id),
  message INTEGER REFERENCES message (id),
  other INTEGER REFERENCES ticket (id),
  template TEXT NOT NULL CHECK
    (template IN ('created', 'announced', 'updated', 'reopened', 'closed', 'too-large', 'alert')),
  role TEXT CHECK (role IN ('requester', 'cc', 'agents')),
  key TEXT NOT NULL,
  address TEXT NOT NULL,
  name TEXT,
  subject TEXT NOT NULL,
  text TEXT,
  message_id TEXT NOT NULL UNIQUE,
  priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 3),
  state TEXT NOT NULL CHECK (state IN
    ('queued', 'sending', 'sent', 'failed', 'cancelled', 'suppressed', 'expired', 'bounced')),
  reason TEXT,
  created_at TEXT NOT NULL,
  state_since TEXT NOT NULL,
  due_at TEXT NOT NULL,
  expires_at TEXT,
  attempts INTEGER NOT NULL CHECK (attempts >= 0),
  uncertain INTEGER NOT NULL CHECK (uncertain >= 0),
  last_error TEXT,
  lease TEXT,
  leased_until TEXT,
  bounce TEXT CHECK (bounce IN ('hard', 'soft', 'delayed')),
  bounce_status TEXT,
  bounced_at TEXT,
  CHECK ((state = 'sending') = (lease IS NOT NULL)),
  CHECK ((lease IS NULL) = (leased_until IS NULL)),
  CHECK ((template = 'alert') = (ticket IS NULL)),
  CHECK ((ticket IS NULL) = (role IS NULL)),
  CHECK ((ticket IS NULL) = (text IS NOT NULL))
) STRICT;

INSERT INTO outbox_new
  (id, ticket, message, other, template, role, key, address, name, subject, message_id, priority, state, reason,
   created_at, state_since, due_at, expires_at, attempts, uncertain, last_error, lease, leased_until, bounce,
   bounce_status, bounced_at)
SELECT id, ticket, message, other, template, role, key, address, name, subject, message_id, priority, state, reason,
  created_at, state_since, due_at, expires_at, attempts, uncertain, last_error, lease, leased_until, bounce,
  bounce_status, bounced_at
FROM outbox;

DROP TABLE outbox;
ALTER TABLE outbox_new RENAME TO outbox;

CREATE INDEX outbox_due ON outbox (priority, due_at, id) WHERE state = 'queued';
CREATE INDEX outbox_leased ON outbox (lease, id) WHERE state = 'sending';
CREATE INDEX outbox_expiring ON outbox (expires_at) WHERE state = 'queued';
CREATE INDEX outbox_by_key ON outbox (key, created_at) WHERE state <> 'suppressed';
CREATE INDEX outbox_by_time ON outbox (created_at) WHERE state <> 'suppressed';
CREATE INDEX outbox_by_ticket ON outbox (ticket, id);
CREATE INDEX outbox_by_message ON outbox (message) WHERE message IS NOT NULL;
CREATE INDEX outbox_by_other ON outbox (other) WHERE other IS NOT NULL;
CREATE INDEX outbox_by_state ON outbox (state, created_at);
