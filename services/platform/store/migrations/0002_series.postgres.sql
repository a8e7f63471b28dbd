-- A sequence gives numbers to transactions that run side by side without letting one wait for the other.
CREATE SEQUENCE series_inbox_place;
SELECT setval('series_inbox_place', COALESCE(MAX(place), 0) + 1, false) FROM inbox;
