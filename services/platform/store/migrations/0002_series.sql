-- Numbers that only grow. The places of the inbox came from MAX(place) before: any two concurrent inserts decided over the same row.
CREATE TABLE series (
  name TEXT PRIMARY KEY,
  last INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO series (name, last) SELECT 'inbox_place', COALESCE(MAX(place), 0) FROM inbox;
