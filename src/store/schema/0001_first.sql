-- The first schema. helpdesk-mail-schema(5) tells what every column means; a test holds the two together.

CREATE TABLE schema_version (
  only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
  version INTEGER NOT NULL
) STRICT;

INSERT INTO schema_version (only_row, version) VALUES (1, 0);

CREATE TABLE meta (
  key TEXT NOT NULL PRIMARY KEY,
  value BLOB NOT NULL
) STRICT;

CREATE TABLE run (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  started_at TEXT NOT NULL,
  ended_at TEXT,
  exit_code INTEGER
) STRICT;

CREATE TABLE source (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  mailbox TEXT NOT NULL,
  account TEXT NOT NULL,
  folder TEXT NOT NULL,
  watermark TEXT,
  baseline_at TEXT,
  baseline_numbering TEXT,
  UNIQUE (mailbox, account, folder),
  CHECK ((baseline_at IS NULL) = (baseline_numbering IS NULL))
) STRICT;

CREATE TABLE mailbox_state (
  mailbox TEXT NOT NULL PRIMARY KEY,
  last_success TEXT,
  last_failure TEXT,
  failures INTEGER NOT NULL CHECK (failures >= 0)
) STRICT;

CREATE TABLE blob (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  sha256 BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
  size INTEGER NOT NULL,
  content BLOB NOT NULL
) STRICT;

CREATE TABLE ticket (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  queue TEXT NOT NULL,
  title TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('open', 'reopened', 'resolved', 'closed', 'merged')),
  status_since TEXT NOT NULL,
  priority INTEGER NOT NULL CHECK (priority BETWEEN 1 AND 5),
  merged_into INTEGER REFERENCES ticket (id),
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  CHECK ((status = 'merged') = (merged_into IS NOT NULL)),
  CHECK (merged_into <> id)
) STRICT;

CREATE INDEX ticket_by_queue ON ticket (lower(queue), status);
CREATE INDEX ticket_by_target ON ticket (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE tag (
  ticket INTEGER NOT NULL REFERENCES ticket (id),
  tag TEXT NOT NULL,
  PRIMARY KEY (ticket, tag)
) STRICT;

CREATE TABLE ticket_link (
  ticket INTEGER NOT NULL REFERENCES ticket (id),
  other INTEGER NOT NULL REFERENCES ticket (id),
  linked_at TEXT NOT NULL,
  PRIMARY KEY (ticket, other)
) STRICT;

CREATE INDEX ticket_link_by_other ON ticket_link (other);

CREATE TABLE participant (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  ticket INTEGER NOT NULL REFERENCES ticket (id),
  key TEXT NOT NULL,
  address TEXT NOT NULL,
  name TEXT,
  role TEXT NOT NULL CHECK (role IN ('requester', 'cc', 'author', 'agent')),
  joined_at TEXT NOT NULL,
  UNIQUE (ticket, key)
) STRICT;

CREATE INDEX participant_by_key ON participant (key);

CREATE TABLE message (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  ticket INTEGER NOT NULL REFERENCES ticket (id),
  direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
  message_id TEXT,
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  raw_sha256 BLOB NOT NULL CHECK (length(raw_sha256) = 32),
  author TEXT,
  author_name TEXT,
  subject TEXT NOT NULL,
  sent_at TEXT,
  received_at TEXT NOT NULL,
  stored_at TEXT NOT NULL,
  text TEXT NOT NULL,
  reply TEXT NOT NULL,
  html INTEGER NOT NULL CHECK (html IN (0, 1)),
  kind TEXT NOT NULL CHECK
    (kind IN ('ordinary', 'list', 'auto-generated', 'auto-reply', 'bounce', 'delay', 'feedback')),
  defects TEXT NOT NULL,
  raw INTEGER REFERENCES blob (id)
) STRICT;

CREATE INDEX message_by_ticket ON message (ticket, id);
CREATE INDEX message_by_message_id ON message (message_id, ticket);
CREATE INDEX message_by_raw ON message (raw) WHERE raw IS NOT NULL;

CREATE TABLE attachment (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  message INTEGER NOT NULL REFERENCES message (id),
  filename TEXT NOT NULL,
  content_type TEXT NOT NULL,
  inline INTEGER NOT NULL CHECK (inline IN (0, 1)),
  content_id TEXT,
  blob INTEGER NOT NULL REFERENCES blob (id)
) STRICT;

CREATE INDEX attachment_by_message ON attachment (message, id);
CREATE INDEX attachment_by_blob ON attachment (blob);

CREATE TABLE outcome (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  source INTEGER NOT NULL REFERENCES source (id),
  item TEXT NOT NULL,
  run INTEGER NOT NULL REFERENCES run (id),
  at TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN
    ('created', 'updated', 'reopened', 'duplicate', 'skipped', 'ignored', 'deferred', 'failed')),
  reason TEXT NOT NULL,
  settled INTEGER NOT NULL CHECK (settled IN (0, 1)),
  attempts INTEGER NOT NULL,
  disposition TEXT NOT NULL CHECK (disposition IN ('keep', 'seen', 'delete') OR disposition LIKE 'move:_%'),
  told INTEGER NOT NULL CHECK (told IN (0, 1)),
  ticket INTEGER REFERENCES ticket (id),
  message_id TEXT,
  digest BLOB CHECK (length(digest) = 32),
  raw_sha256 BLOB CHECK (length(raw_sha256) = 32),
  author TEXT,
  subject TEXT,
  notes TEXT NOT NULL,
  error_code TEXT,
  error_message TEXT,
  error_hint TEXT,
  UNIQUE (source, item),
  CHECK ((error_code IS NULL) = (error_message IS NULL))
) STRICT;

CREATE INDEX outcome_by_message_id ON outcome (source, message_id);
CREATE INDEX outcome_by_raw_sha256 ON outcome (source, raw_sha256);
CREATE INDEX outcome_owed ON outcome (source, id) WHERE settled AND NOT told AND disposition <> 'keep';
CREATE INDEX outcome_deferred ON outcome (source, attempts, id) WHERE outcome = 'deferred' AND NOT settled;
CREATE INDEX outcome_by_time ON outcome (at, id);
CREATE INDEX outcome_by_ticket ON outcome (ticket) WHERE ticket IS NOT NULL;

CREATE TABLE quarantine (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  outcome INTEGER NOT NULL UNIQUE REFERENCES outcome (id),
  blob INTEGER NOT NULL REFERENCES blob (id),
  whole INTEGER NOT NULL CHECK (whole IN (0, 1))
) STRICT;

CREATE INDEX quarantine_by_blob ON quarantine (blob);
