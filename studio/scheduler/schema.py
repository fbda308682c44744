"""The tables of the job table."""

SCRIPTS = (
    """
CREATE TABLE jobs(
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    revision INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    environment TEXT NOT NULL,
    resident TEXT NOT NULL,
    priority INTEGER NOT NULL,
    user TEXT NOT NULL,
    batch TEXT NOT NULL,
    generator TEXT NOT NULL,
    identity TEXT NOT NULL,
    request TEXT NOT NULL,
    created REAL NOT NULL,
    started REAL,
    finished REAL,
    done INTEGER NOT NULL DEFAULT 0,
    total INTEGER NOT NULL DEFAULT 0,
    preview TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    losses INTEGER NOT NULL DEFAULT 0,
    token INTEGER NOT NULL DEFAULT 0,
    worker TEXT NOT NULL DEFAULT '',
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    error TEXT
);
CREATE INDEX jobs_by_status ON jobs(status, revision);
CREATE INDEX jobs_by_revision ON jobs(revision);
CREATE INDEX jobs_by_batch ON jobs(batch, seq) WHERE batch <> '';
CREATE INDEX jobs_by_identity ON jobs(identity) WHERE status IN ('queued', 'running');
CREATE TABLE job_outputs(
    job TEXT NOT NULL REFERENCES jobs(id),
    position INTEGER NOT NULL,
    assets TEXT NOT NULL,
    PRIMARY KEY(job, position)
) WITHOUT ROWID;
""",
    """
ALTER TABLE jobs ADD COLUMN place REAL;
ALTER TABLE jobs ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN shape TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN lane TEXT NOT NULL DEFAULT 'cpu';
ALTER TABLE jobs ADD COLUMN seeds INTEGER NOT NULL DEFAULT 1;
CREATE INDEX jobs_by_user ON jobs(user, seq) WHERE status IN ('queued', 'running');
""",
    """
CREATE INDEX jobs_page ON jobs(status, seq);
CREATE INDEX jobs_page_of_user ON jobs(user, status, seq);
""",
)

LIVE = "('queued', 'running')"
ENDED_BADLY = "('failed', 'cancelled', 'dead')"
NEW_REVISION = "revision = (SELECT max(revision) FROM jobs) + 1"
