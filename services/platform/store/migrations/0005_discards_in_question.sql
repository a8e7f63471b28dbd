-- oldest program: 0004_replay_rounds
-- The restore since which a discard is in question: it may have been taken back in the time that was lost (R27). Empty: it is as it says.
ALTER TABLE inbox ADD COLUMN in_question TEXT;
CREATE INDEX inbox_in_question ON inbox (handler, row_id) WHERE in_question IS NOT NULL;
