-- Events: written with what they tell of, a row for each hook, delivered afterwards.

CREATE TABLE event (
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
  leased_until TEXT,
  UNIQUE (event_id, hook),
  CHECK ((state = 'failed') = (reason IS NOT NULL)),
  CHECK ((state = 'delivering') = (lease IS NOT NULL)),
  CHECK ((lease IS NULL) = (leased_until IS NULL))
) STRICT;

CREATE INDEX event_due ON event (due_at, id) WHERE state = 'queued';
CREATE INDEX event_waiting ON event (hook, type) WHERE state = 'queued';
CREATE INDEX event_gone ON event (hook, type) WHERE reason = 'gone';
CREATE INDEX event_leased ON event (lease, id) WHERE state = 'delivering';
CREATE INDEX event_by_state ON event (state, created_at);

CREATE TABLE event_attempt (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  event INTEGER NOT NULL REFERENCES event (id),
  began_at TEXT NOT NULL,
  ended_at TEXT,
  result TEXT CHECK (result IN ('accepted', 'later', 'refused', 'uncertain')),
  answer TEXT,
  duration_ms INTEGER,
  CHECK ((ended_at IS NULL) = (result IS NULL))
) STRICT;

CREATE INDEX event_attempt_by_event ON event_attempt (event, id);
CREATE INDEX event_attempt_open ON event_attempt (event) WHERE ended_at IS NULL;
