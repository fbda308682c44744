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
"""

NUMBER_SHIFT = 15

LIVE, TRASHED, SET_ASIDE = 0, 1, 2

SCRIPTS: tuple[str, ...] = (
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
)
