-- Notifications: written with what they tell of, delivered afterwards; addresses that get none; notes on tickets.

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  ticket INTEGER NOT NULL REFERENCES ticket (id),
  message INTEGER REFERENCES message (id),
  other INTEGER REFERENCES ticket (id),
  template TEXT NOT NULL CHECK
    (template IN ('created', 'announced', 'updated', 'reopened', 'closed', 'too-large')),
  role TEXT NOT NULL CHECK (role IN ('requester', 'cc', 'agents')),
  key TEXT NOT NULL,
  address TEXT NOT NULL,
  name TEXT,
  subject TEXT NOT NULL,
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
  CHECK ((lease IS NULL) = (leased_until IS NULL))
) STRICT;

CREATE INDEX outbox_due ON outbox (priority, due_at, id) WHERE state = 'queued';
CREATE INDEX outbox_leased ON outbox (lease, id) WHERE state = 'sending';
CREATE INDEX outbox_expiring ON outbox (expires_at) WHERE state = 'queued';
CREATE INDEX outbox_by_key ON outbox (key, created_at) WHERE state <> 'suppressed';
CREATE INDEX outbox_by_time ON outbox (created_at) WHERE state <> 'suppressed';
CREATE INDEX outbox_by_ticket ON outbox (ticket, id);
CREATE INDEX outbox_by_message ON outbox (message) WHERE message IS NOT NULL;
CREATE INDEX outbox_by_other ON outbox (other) WHERE other IS NOT NULL;
CREATE INDEX outbox_by_state ON outbox (state, created_at);

CREATE TABLE outbox_attempt (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  outbox INTEGER NOT NULL REFERENCES outbox (id),
  began_at TEXT NOT NULL,
  ended_at TEXT,
  result TEXT CHECK (result IN ('accepted', 'later', 'refused', 'uncertain')),
  answer TEXT,
  duration_ms INTEGER,
  note TEXT,
  CHECK ((ended_at IS NULL) = (result IS NULL))
) STRICT;

CREATE INDEX outbox_attempt_by_outbox ON outbox_attempt (outbox, id);
CREATE INDEX outbox_attempt_open ON outbox_attempt (outbox) WHERE ended_at IS NULL;

CREATE TABLE suppressed (
  key TEXT NOT NULL PRIMARY KEY,
  address TEXT NOT NULL,
  reason TEXT NOT NULL CHECK (reason IN ('hard-bounce', 'soft-bounces', 'by-hand')),
  status TEXT,
  since TEXT NOT NULL,
  until TEXT,
  outbox INTEGER REFERENCES outbox (id)
) STRICT;

CREATE INDEX suppressed_by_outbox ON suppressed (outbox) WHERE outbox IS NOT NULL;

CREATE TABLE ticket_note (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  ticket INTEGER NOT NULL REFERENCES ticket (id),
  at TEXT NOT NULL,
  text TEXT NOT NULL
) STRICT;

CREATE INDEX ticket_note_by_ticket ON ticket_note (ticket, id);
