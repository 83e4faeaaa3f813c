-- The zone whose days, weeks and months sums are kept by: one row. The console sets it when it starts.

CREATE TABLE owner_zone (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    zone TEXT NOT NULL
);
INSERT INTO owner_zone (id, zone) VALUES (1, 'UTC');
