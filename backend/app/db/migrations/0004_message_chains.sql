-- What a message and all before it said, as one digest: how a history that a client sends again is recognised.
ALTER TABLE messages ADD COLUMN chain TEXT;
CREATE INDEX messages_chain ON messages (chain, id) WHERE chain IS NOT NULL;
