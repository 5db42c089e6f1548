-- Items of eight folders: of ten two open a ticket, three come on one, four are skipped and one is ignored. Message-IDs are
-- in no order, as people's are.

CREATE TEMP VIEW ledger AS
SELECT k, at, hash, (k * 2654435761 % 4294967296) || '.' || k || '@old.example' AS message_id, 1 + k % 8 AS source, 1 + k / 50 AS run,
  CASE
    WHEN k % 5 = 0 THEN 'created'
    WHEN k % 10 IN (1, 3, 6) THEN 'updated'
    WHEN k % 10 = 8 THEN 'ignored'
    ELSE 'skipped'
  END AS outcome,
  CASE
    WHEN k % 5 = 0 THEN k / 5
    WHEN k % 10 IN (1, 3, 6) THEN 1 + k * 7919 % CASE WHEN k < 10 THEN 1 ELSE k / 5 END
  END AS ticket,
  CASE 1 + k % 8 WHEN 1 THEN hex || ':1' WHEN 7 THEN k || '.M1P1.host' ELSE '1700000000:' || k END AS item,
  'customer-' || (k * 7919 % 200000) || '@example.net' AS author
FROM item;

INSERT INTO run (id, started_at, ended_at, exit_code)
SELECT run, min(at), max(at), 0
FROM ledger
GROUP BY run;

INSERT INTO source (id, mailbox, account, folder, watermark) VALUES
  (1, 'ingest', 'ingest', 'support', NULL),
  (2, 'm2', 'imap:m2@imap.example.org', 'INBOX', '1700000000:1'),
  (3, 'm3', 'imap:m3@imap.example.org', 'INBOX', '1700000000:1'),
  (4, 'm4', 'imap:m4@imap.example.org', 'INBOX', '1700000000:1'),
  (5, 'm5', 'imap:m5@imap.example.org', 'INBOX', '1700000000:1'),
  (6, 'm6', 'pop3:m6@pop.example.org', 'INBOX', NULL),
  (7, 'm7', 'maildir:/var/mail/m7', 'INBOX', NULL),
  (8, 'm8', 'imap:m8@imap.example.org', 'INBOX', '1700000000:1');

INSERT INTO ticket (id, queue, title, status, status_since, priority, notify, created_at, updated_at)
SELECT ticket, 'support', 'Printer ' || ticket || ' is on fire', 'open', at, 3, TRUE, at, at
FROM ledger
WHERE outcome = 'created';

INSERT INTO participant (ticket, key, address, name, role, joined_at)
SELECT ticket, author, author, 'Customer', 'requester', at
FROM ledger
WHERE outcome = 'created';

INSERT INTO message
  (ticket, direction, message_id, digest, raw_sha256, author, author_name, subject, sent_at, received_at, stored_at,
   text, reply, html, kind, defects, source, item)
SELECT ticket, 'in', message_id, hash, hash, author, 'Customer', 'Printer ' || ticket || ' is on fire', at, at, at,
  {text}, {text}, FALSE, 'ordinary', '[]', source, item
FROM ledger
WHERE ticket IS NOT NULL;

INSERT INTO message_reference (message_id, ticket)
SELECT (ticket * 5 * 2654435761 % 4294967296) || '.' || (ticket * 5) || '@old.example', ticket
FROM ledger
WHERE outcome = 'updated'
ON CONFLICT (message_id, ticket) DO NOTHING;

INSERT INTO message_reference (message_id, ticket)
SELECT 'notice.' || ticket || '.' || message_id, ticket
FROM ledger
WHERE outcome = 'updated';

INSERT INTO blob (id, sha256, size, content)
SELECT k / 10, hash, 32, hash
FROM ledger
WHERE k % 10 = 0;

INSERT INTO attachment (message, filename, content_type, inline, blob)
SELECT message.id, 'scan.png', 'image/png', FALSE, ledger.k / 10
FROM ledger
JOIN message ON message.message_id = ledger.message_id
WHERE ledger.k % 10 = 0;

INSERT INTO outbox
  (id, ticket, template, role, key, address, subject, message_id, priority, state, created_at, state_since, due_at,
   attempts, uncertain)
SELECT ticket, ticket, 'created', 'requester', author, author, 'printer ' || ticket || ' is on fire',
  'notice.' || ticket || '.' || message_id, 2, 'sent', at, at, at, 1, 0
FROM ledger
WHERE outcome = 'created';

INSERT INTO outbox_attempt (outbox, began_at, ended_at, result, answer, duration_ms)
SELECT ticket, at, at, 'accepted', '250 OK', 20
FROM ledger
WHERE outcome = 'created';

-- A few of them wait, and a few are owed to their mailbox.
INSERT INTO outcome
  (id, source, item, run, at, first_at, outcome, reason, settled, attempts, disposition, told, ticket, message_id, digest,
   raw_sha256, author, subject, notes, listed)
SELECT k, source, item, run, at, at,
  CASE WHEN k % 200003 = 7 THEN 'deferred' ELSE outcome END,
  CASE outcome WHEN 'created' THEN 'new' WHEN 'updated' THEN 'in-reply-to' WHEN 'skipped' THEN 'no-ticket-id' ELSE 'rule:news' END,
  k % 200003 <> 7, 0, CASE WHEN source IN (1, 6) THEN 'keep' ELSE 'seen' END, source NOT IN (1, 6) AND k % 100003 <> 11,
  ticket, message_id, hash, hash, author, 'Printer is on fire', '[]', ticket IS NULL
FROM ledger
ORDER BY source, k;

INSERT INTO outcome_count (mailbox, outcome, count)
SELECT source.mailbox, outcome.outcome, count(*)
FROM outcome
JOIN source ON source.id = outcome.source
GROUP BY source.mailbox, outcome.outcome;
