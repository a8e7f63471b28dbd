-- The last `sequence` that a group has taken in per source and key (R7). A key that is not here has not been counted yet.
CREATE TABLE sequence_read (
  consumer_group TEXT NOT NULL,
  topic TEXT NOT NULL,
  source TEXT NOT NULL,
  record_key TEXT NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (consumer_group, topic, source, record_key)
) WITHOUT ROWID;

-- Events that were read before the one ahead of them: accepted, and kept out of the inbox until it is their turn. Few, and not for long.
CREATE TABLE held_event (
  consumer_group TEXT NOT NULL,
  event_id TEXT NOT NULL,
  place INTEGER NOT NULL,
  topic TEXT NOT NULL,
  part INTEGER NOT NULL,
  source TEXT NOT NULL,
  record_key TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  tenant TEXT NOT NULL,
  accepted_id TEXT NOT NULL,
  headers TEXT NOT NULL,
  value BLOB NOT NULL,
  held_at INTEGER NOT NULL,
  PRIMARY KEY (consumer_group, event_id)
) WITHOUT ROWID;
CREATE INDEX held_event_key ON held_event (consumer_group, topic, record_key, part, place);
CREATE INDEX held_event_accepted ON held_event (accepted_id);

-- Up to where the numbers were counted. Another offset than the one beside it says that somebody moved on without counting: a person, or a
-- release that did not know how.
ALTER TABLE bus_offset ADD COLUMN counted_to INTEGER;
