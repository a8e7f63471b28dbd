-- The heart: log, ledger, inbox, effects, outbox. Written in the SQL that SQLite and PostgreSQL share where that is possible.

CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

-- The embedded log. One partition per topic; `identity` tells a topic made anew from the one before (R5).
CREATE TABLE bus_topic (
  topic TEXT PRIMARY KEY,
  identity TEXT NOT NULL,
  end_offset INTEGER NOT NULL
);
CREATE TABLE bus_log (
  topic TEXT NOT NULL,
  log_offset INTEGER NOT NULL,
  record_key TEXT NOT NULL,
  headers TEXT NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (topic, log_offset)
) WITHOUT ROWID;

-- What was answered with a 2xx (R2). An accepted id is never removed.
CREATE TABLE ledger (
  accepted_id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  ekstern_referanse TEXT NOT NULL,
  content_digest TEXT NOT NULL,
  klient_id TEXT NOT NULL,
  accepted_at INTEGER NOT NULL,
  accepted_day TEXT NOT NULL,
  UNIQUE (tenant, ekstern_referanse)
) WITHOUT ROWID;
CREATE INDEX ledger_day ON ledger (tenant, accepted_day);

CREATE TABLE outbox (
  place INTEGER PRIMARY KEY AUTOINCREMENT,
  event_id TEXT NOT NULL,
  topic TEXT NOT NULL,
  record_key TEXT NOT NULL,
  headers TEXT NOT NULL,
  value BLOB NOT NULL,
  accepted_id TEXT,
  state TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  published_at INTEGER
);
CREATE UNIQUE INDEX outbox_event ON outbox (event_id);
CREATE INDEX outbox_pending ON outbox (place) WHERE state = 'pending';
CREATE INDEX outbox_accepted ON outbox (accepted_id);

-- The last number given per (source, partitionkey): the envelope's `sequence` (R7).
CREATE TABLE event_sequence (
  source TEXT NOT NULL,
  record_key TEXT NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (source, record_key)
) WITHOUT ROWID;

-- Where each group goes on reading; written with the inbox rows (R5).
CREATE TABLE bus_offset (
  consumer_group TEXT NOT NULL,
  topic TEXT NOT NULL,
  part INTEGER NOT NULL,
  topic_identity TEXT NOT NULL,
  next_offset INTEGER NOT NULL,
  PRIMARY KEY (consumer_group, topic, part)
) WITHOUT ROWID;

-- One row per (handler, event). `head` is 1 for the first open row of its lane: only that one may run (R7).
CREATE TABLE inbox (
  row_id INTEGER PRIMARY KEY AUTOINCREMENT,
  place INTEGER NOT NULL,
  handler TEXT NOT NULL,
  event_id TEXT NOT NULL,
  event_type TEXT NOT NULL,
  topic TEXT NOT NULL,
  lane TEXT NOT NULL,
  tenant TEXT NOT NULL,
  accepted_id TEXT,
  headers TEXT NOT NULL,
  value BLOB NOT NULL,
  state TEXT NOT NULL,
  head INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  failing_since INTEGER,
  runs INTEGER NOT NULL DEFAULT 0,
  defects INTEGER NOT NULL DEFAULT 0,
  park_number INTEGER NOT NULL DEFAULT 0,
  lease_token INTEGER NOT NULL DEFAULT 0,
  lease_holder TEXT,
  lease_beat INTEGER NOT NULL DEFAULT 0,
  last_code TEXT,
  last_disposition TEXT,
  last_message TEXT,
  fingerprint TEXT,
  destination TEXT,
  fixed_values TEXT,
  finished_at INTEGER,
  remark TEXT
);
CREATE UNIQUE INDEX inbox_event ON inbox (handler, event_id);
CREATE INDEX inbox_due ON inbox (handler, tenant, due_at, place) WHERE head = 1 AND state = 'waiting';
CREATE INDEX inbox_running ON inbox (handler) WHERE state = 'running';
CREATE INDEX inbox_lane ON inbox (handler, lane, place) WHERE state IN ('waiting', 'running', 'parked', 'discarding');
CREATE INDEX inbox_stuck ON inbox (state, tenant) WHERE state IN ('parked', 'discarding');
CREATE INDEX inbox_accepted ON inbox (accepted_id);
CREATE INDEX inbox_place ON inbox (place);

-- Every run that did not end well: the attempt history of a row.
CREATE TABLE failed_run (
  row_id INTEGER NOT NULL,
  number INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  code TEXT NOT NULL,
  disposition TEXT NOT NULL,
  message TEXT NOT NULL,
  PRIMARY KEY (row_id, number)
);

-- What was or may have been changed outside. Evidence is kept for ever (R6).
CREATE TABLE effect (
  effect_key TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  handler TEXT NOT NULL,
  name TEXT NOT NULL,
  accepted_id TEXT,
  destination TEXT NOT NULL,
  account TEXT NOT NULL,
  input TEXT NOT NULL,
  digest TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  evidence TEXT,
  evidenced_at INTEGER,
  evidenced_by TEXT,
  other_evidence TEXT,
  look_again_at INTEGER,
  looks_left INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX effect_accepted ON effect (accepted_id);
CREATE INDEX effect_control ON effect (account, name, evidenced_at) WHERE evidence IS NOT NULL;
CREATE INDEX effect_look_again ON effect (look_again_at) WHERE look_again_at IS NOT NULL;

CREATE TABLE attempt (
  effect_key TEXT NOT NULL,
  number INTEGER NOT NULL,
  row_id INTEGER NOT NULL,
  holder TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  state TEXT NOT NULL,
  closed_as TEXT,
  code TEXT,
  ended_at INTEGER,
  PRIMARY KEY (effect_key, number)
);
CREATE INDEX attempt_open ON attempt (row_id) WHERE state = 'open';
CREATE INDEX attempt_row ON attempt (row_id);

-- State of the services, one document per (collection, id).
CREATE TABLE document (
  collection TEXT NOT NULL,
  id TEXT NOT NULL,
  tenant TEXT NOT NULL,
  accepted_id TEXT,
  body TEXT NOT NULL,
  version INTEGER NOT NULL,
  due_at INTEGER,
  PRIMARY KEY (collection, id)
) WITHOUT ROWID;
CREATE INDEX document_due ON document (collection, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX document_accepted ON document (accepted_id);

CREATE TABLE replay_job (
  job_id TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  person TEXT NOT NULL,
  reason TEXT NOT NULL,
  selection TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
);
CREATE TABLE replay_item (
  job_id TEXT NOT NULL,
  row_id INTEGER NOT NULL,
  park_number INTEGER NOT NULL,
  forecast TEXT NOT NULL,
  state TEXT NOT NULL,
  why TEXT,
  changed_at INTEGER NOT NULL,
  PRIMARY KEY (job_id, row_id)
);
CREATE INDEX replay_item_row ON replay_item (row_id);

CREATE TABLE audit (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  person TEXT NOT NULL,
  klient_id TEXT NOT NULL,
  verb TEXT NOT NULL,
  reason TEXT NOT NULL,
  tenant TEXT,
  accepted_id TEXT,
  row_id INTEGER,
  details TEXT NOT NULL
);
CREATE INDEX audit_accepted ON audit (accepted_id);

-- What must never happen, and did: shown until somebody has looked at it.
CREATE TABLE alarm (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  tenant TEXT,
  accepted_id TEXT,
  row_id INTEGER,
  effect_key TEXT,
  sentence TEXT NOT NULL
);
