-- What a person orders of another service on the same store: that service carries it out, and says here what came of it.
CREATE TABLE operator_order (
  order_id TEXT PRIMARY KEY,
  runtime TEXT NOT NULL,
  verb TEXT NOT NULL,
  given_at INTEGER NOT NULL,
  state TEXT NOT NULL,
  outcome TEXT,
  ended_at INTEGER
);
CREATE INDEX operator_order_given ON operator_order (runtime, given_at) WHERE state = 'given';
