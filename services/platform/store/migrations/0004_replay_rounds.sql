-- The brake of a replay counts what came of it since a person last set it going: by the number of that round, and not by a clock that may be put back.
ALTER TABLE replay_job ADD COLUMN round INTEGER NOT NULL DEFAULT 0;
ALTER TABLE replay_item ADD COLUMN round INTEGER NOT NULL DEFAULT 0;
