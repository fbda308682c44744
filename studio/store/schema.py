"""The store's tables. A script, once released, is never edited: the next version is a new one.

- `assets.n` is the order of every page: creation time in milliseconds, shifted left by
  `NUMBER_SHIFT` bits, plus a counter. It is the row id, so the text index pages by it natively,
  and a time filter is a range of it.
- `assets.state`: 0 in the library, 1 in the trash, 2 set aside by fsck.
- `assets_page` and its siblings hold every column a page can be filtered by: choosing the 60
  rows of a page touches one index and no row, whatever the filters.
- `assets_text` keeps no text of its own (contentless), for its text comes from several tables;
  `contentless_delete` lets an entry be replaced without knowing what it said before, which an
  external-content table would ask for. Beginnings of up to six letters have lists of their own:
  without them a common word costs a walk over every asset that has it.
- `tag_counts`: tag and user -> assets of the library, kept by triggers, so that listing tags does
  not count. `collection_names`: how people write a collection; its tag is in lower case.
"""

from studio.database import Script
from studio.store.text import index_all

NUMBER_SHIFT = 15

LIVE, TRASHED, SET_ASIDE = 0, 1, 2

SCRIPTS: tuple[Script, ...] = (
    """
    CREATE TABLE assets(
        n INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        state INTEGER NOT NULL DEFAULT 0,
        trashed_at REAL,
        kind TEXT NOT NULL,
        generator TEXT NOT NULL,
        user TEXT NOT NULL,
        rating INTEGER NOT NULL DEFAULT 0 CHECK(rating BETWEEN 0 AND 5),
        payload_hash TEXT NOT NULL,
        recipe_key TEXT NOT NULL,
        job TEXT,
        output_index INTEGER,
        source TEXT NOT NULL,
        title TEXT NOT NULL,
        notes TEXT NOT NULL DEFAULT '',
        licence TEXT NOT NULL,
        device TEXT NOT NULL,
        size INTEGER NOT NULL,
        seconds REAL NOT NULL,
        recipe TEXT,
        facts TEXT NOT NULL,
        metrics TEXT NOT NULL,
        info TEXT NOT NULL,
        versions TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX assets_output ON assets(job, output_index) WHERE job IS NOT NULL;
    CREATE INDEX assets_page ON assets(state, n, kind, rating, user, generator);
    CREATE INDEX assets_kind ON assets(state, kind, n, rating, user, generator);
    CREATE INDEX assets_generator ON assets(state, generator, n, kind, rating, user);
    CREATE INDEX assets_rated ON assets(state, n, rating, kind, user, generator)
        WHERE rating > 0;
    CREATE INDEX assets_recipe ON assets(recipe_key) WHERE recipe_key <> '';
    CREATE INDEX assets_payload ON assets(payload_hash);
    CREATE TABLE files(
        asset INTEGER NOT NULL REFERENCES assets(n) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        name TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        size INTEGER NOT NULL,
        suffix TEXT NOT NULL,
        PRIMARY KEY(asset, position)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX files_blob ON files(sha256, suffix);
    CREATE TABLE tags(
        tag TEXT NOT NULL,
        asset INTEGER NOT NULL REFERENCES assets(n) ON DELETE CASCADE,
        PRIMARY KEY(tag, asset)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX tags_asset ON tags(asset);
    CREATE TABLE lineage(
        child INTEGER NOT NULL REFERENCES assets(n) ON DELETE CASCADE,
        slot TEXT NOT NULL,
        position INTEGER NOT NULL,
        parent INTEGER NOT NULL REFERENCES assets(n) ON DELETE CASCADE,
        PRIMARY KEY(child, slot, position)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX lineage_parent ON lineage(parent);
    CREATE VIRTUAL TABLE assets_text USING fts5(
        title, words, tags, notes, maker,
        content='', contentless_delete=1, prefix='1 2 3 4 5 6',
        tokenize='unicode61 remove_diacritics 2'
    );
    """,
    """
    CREATE TABLE colours(
        colour TEXT NOT NULL,
        asset INTEGER NOT NULL REFERENCES assets(n) ON DELETE CASCADE,
        PRIMARY KEY(colour, asset)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX colours_asset ON colours(asset);
    CREATE INDEX assets_user ON assets(state, user, n, kind, rating, generator);
    """,
    """
    CREATE TABLE tag_counts(
        tag TEXT NOT NULL,
        user TEXT NOT NULL,
        total INTEGER NOT NULL,
        PRIMARY KEY(tag, user)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO tag_counts SELECT t.tag, a.user, count(*) FROM tags AS t
        CROSS JOIN assets AS a ON a.n = t.asset WHERE a.state = 0 GROUP BY t.tag, a.user;
    CREATE TRIGGER tag_added AFTER INSERT ON tags BEGIN
        INSERT INTO tag_counts
            SELECT NEW.tag, a.user, 1 FROM assets AS a WHERE a.n = NEW.asset AND a.state = 0
            ON CONFLICT(tag, user) DO UPDATE SET total = total + 1;
    END;
    CREATE TRIGGER tag_removed AFTER DELETE ON tags BEGIN
        UPDATE tag_counts SET total = total - 1 WHERE tag = OLD.tag
            AND user = (SELECT a.user FROM assets AS a WHERE a.n = OLD.asset AND a.state = 0);
        DELETE FROM tag_counts WHERE tag = OLD.tag AND total < 1;
    END;
    CREATE TRIGGER asset_left AFTER UPDATE OF state, user ON assets WHEN OLD.state = 0 BEGIN
        UPDATE tag_counts SET total = total - 1 WHERE user = OLD.user
            AND tag IN (SELECT t.tag FROM tags AS t WHERE t.asset = OLD.n);
    END;
    CREATE TRIGGER asset_came AFTER UPDATE OF state, user ON assets WHEN NEW.state = 0 BEGIN
        INSERT INTO tag_counts
            SELECT t.tag, NEW.user, 1 FROM tags AS t WHERE t.asset = NEW.n
            ON CONFLICT(tag, user) DO UPDATE SET total = total + 1;
    END;
    CREATE TRIGGER asset_removed BEFORE DELETE ON assets WHEN OLD.state = 0 BEGIN
        UPDATE tag_counts SET total = total - 1 WHERE user = OLD.user
            AND tag IN (SELECT t.tag FROM tags AS t WHERE t.asset = OLD.n);
    END;
    CREATE TABLE collection_names(
        tag TEXT NOT NULL,
        user TEXT NOT NULL,
        name TEXT NOT NULL,
        PRIMARY KEY(tag, user)
    ) STRICT, WITHOUT ROWID;
    """,
    index_all,  # colours are in the text index from here on
)
