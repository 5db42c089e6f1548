-- Who delivers has a lease, which says until when its rows are in hand: they say it no more.

-- SQLite drops no column that a constraint names: the tables are made anew, and go on numbering where they were.
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
  bounce TEXT CHECK (bounce IN ('hard', 'soft', 'delayed')),
  bounce_status TEXT,
  bounced_at TEXT,
  CHECK ((state = 'sending') = (lease IS NOT NULL)),
  CHECK ((template = 'alert') = (ticket IS NULL)),
  CHECK ((ticket IS NULL) = (role IS NULL)),
  CHECK ((ticket IS NULL) = (text IS NOT NULL))
) STRICT;

INSERT INTO outbox_new
  (id, ticket, message, other, template, role, key, address, name, subject, text, message_id, priority, state, reason,
   created_at, state_since, due_at, expires_at, attempts, uncertain, last_error, lease, bounce, bounce_status,
   bounced_at)
SELECT id, ticket, message, other, template, role, key, address, name, subject, text, message_id, priority, state, reason,
  created_at, state_since, due_at, expires_at, attempts, uncertain, last_error, lease, bounce, bounce_status,
  bounced_at
FROM outbox;

DELETE FROM sqlite_sequence WHERE name = 'outbox_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'outbox_new', seq FROM sqlite_sequence WHERE name = 'outbox';
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

CREATE TABLE event_new (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  event_id TEXT NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('post-process', 'processing-error', 'mailbox-error', 'delivery-error')),
  hook TEXT NOT NULL,
  payload TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'delivering', 'delivered', 'failed', 'dropped')),
  reason TEXT CHECK (reason IN ('too-many-attempts', 'gone', 'uncertain', 'no-hook')),
  created_at TEXT NOT NULL,
  state_since TEXT NOT NULL,
  due_at TEXT NOT NULL,
  attempts INTEGER NOT NULL CHECK (attempts >= 0),
  uncertain INTEGER NOT NULL CHECK (uncertain >= 0),
  last_error TEXT,
  lease TEXT,
  UNIQUE (event_id, hook),
  CHECK ((state = 'failed') = (reason IS NOT NULL)),
  CHECK ((state = 'delivering') = (lease IS NOT NULL))
) STRICT;

INSERT INTO event_new
  (id, event_id, type, hook, payload, state, reason, created_at, state_since, due_at, attempts, uncertain, last_error,
   lease)
SELECT id, event_id, type, hook, payload, state, reason, created_at, state_since, due_at, attempts, uncertain, last_error,
  lease
FROM event;

DELETE FROM sqlite_sequence WHERE name = 'event_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'event_new', seq FROM sqlite_sequence WHERE name = 'event';
DROP TABLE event;
ALTER TABLE event_new RENAME TO event;

CREATE INDEX event_due ON event (due_at, id) WHERE state = 'queued';
CREATE INDEX event_waiting ON event (hook, type) WHERE state = 'queued';
CREATE INDEX event_gone ON event (hook, type) WHERE reason = 'gone';
CREATE INDEX event_leased ON event (lease, id) WHERE state = 'delivering';
CREATE INDEX event_by_state ON event (state, created_at);
