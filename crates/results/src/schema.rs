//! Tables of the database, their migration, and opening of a file.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use crate::{ForeignContent, ResultsError};

/// Version of the tables. Raised with every change; older files are migrated when they are opened.
pub const SCHEMA_VERSION: i64 = 3;

/// SQLite's application id of our files, `Syrx` in ASCII, which other programs' files lack.
const APPLICATION: i64 = 0x5379_7278;

/// Maximum time that a writer waits for another, which holds the lock for milliseconds, or for seconds during a merge.
const PATIENCE: Duration = Duration::from_secs(30);

/// Tables of the current version. Figures of single rows have a table of their own, so that other programs can sort and
/// join them; `json` is the row as in `rows.jsonl`.
const TABLES: &str = "
CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    suite TEXT NOT NULL, task TEXT NOT NULL,
    model TEXT NOT NULL, fingerprint TEXT NOT NULL, config_hash TEXT NOT NULL, settings TEXT NOT NULL,
    revision TEXT NOT NULL, seeds TEXT NOT NULL, machine TEXT NOT NULL, folder TEXT NOT NULL,
    ablation TEXT NOT NULL, cell TEXT NOT NULL,
    status TEXT NOT NULL, note TEXT NOT NULL,
    started_s REAL NOT NULL, updated_s REAL NOT NULL, ended_s REAL
) STRICT;
CREATE INDEX runs_by_suite ON runs (suite, started_s);
CREATE INDEX runs_by_cell ON runs (ablation, cell);
CREATE TABLE rows (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    id TEXT NOT NULL, speaker TEXT NOT NULL, variant TEXT NOT NULL, seed INTEGER NOT NULL,
    reference TEXT NOT NULL, transcript TEXT NOT NULL, audio TEXT, error TEXT,
    json TEXT NOT NULL,
    PRIMARY KEY (run, key)
) STRICT;
CREATE TABLE row_figures (
    run TEXT NOT NULL, key TEXT NOT NULL, figure TEXT NOT NULL, value REAL NOT NULL,
    PRIMARY KEY (run, key, figure),
    FOREIGN KEY (run, key) REFERENCES rows (run, key) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE figures (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    figure TEXT NOT NULL, variant TEXT NOT NULL,
    value REAL NOT NULL, low REAL NOT NULL, high REAL NOT NULL, rows INTEGER NOT NULL,
    unit TEXT NOT NULL, better TEXT NOT NULL,
    PRIMARY KEY (run, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE cells (
    ablation TEXT NOT NULL, key TEXT NOT NULL,
    place INTEGER NOT NULL, axes TEXT NOT NULL, seed INTEGER NOT NULL,
    state TEXT NOT NULL, done REAL NOT NULL, note TEXT NOT NULL,
    machine TEXT NOT NULL, folder TEXT NOT NULL,
    started_s REAL, updated_s REAL NOT NULL, ended_s REAL,
    PRIMARY KEY (ablation, key)
) STRICT;
CREATE TABLE control_requests (
    ablation TEXT NOT NULL, key TEXT NOT NULL, request TEXT NOT NULL,
    PRIMARY KEY (ablation, key)
) STRICT, WITHOUT ROWID;
";

/// Migration from version 1 to version 2, which renames columns and JSON fields.
const TO_VERSION_2: &str = r#"
ALTER TABLE runs RENAME COLUMN bench TO ablation;
ALTER TABLE cells RENAME COLUMN bench TO ablation;
ALTER TABLE wishes RENAME TO control_requests;
ALTER TABLE control_requests RENAME COLUMN bench TO ablation;
ALTER TABLE control_requests RENAME COLUMN wish TO request;
ALTER TABLE rows RENAME COLUMN heard TO transcript;
UPDATE rows SET json = replace(json, '"heard":', '"transcript":');
"#;

/// Migration from version 2 to version 3, which renames columns and JSON fields. In version 2, the field `reference` of
/// a row held the reference recording.
const TO_VERSION_3: &str = r#"
ALTER TABLE rows RENAME COLUMN wanted TO reference;
UPDATE rows SET json = json_remove(json_set(json, '$.reference_audio', json_extract(json, '$.reference')), '$.reference')
    WHERE json_type(json, '$.reference') IS NOT NULL;
UPDATE rows SET json = json_remove(json_set(json, '$.reference', json_extract(json, '$.wanted')), '$.wanted')
    WHERE json_type(json, '$.wanted') IS NOT NULL;
UPDATE rows SET json = json_remove(json_set(json, '$.hypothesis', json_extract(json, '$.got')), '$.got')
    WHERE json_type(json, '$.got') IS NOT NULL;
"#;

/// Returns the statements that migrate tables of a version to the current one.
fn migrations(version: i64) -> &'static [&'static str] {
    match version {
        0 => &[TABLES],
        1 => &[TO_VERSION_2, TO_VERSION_3],
        _ => &[TO_VERSION_3],
    }
}

/// Opens a file, and creates or migrates its tables.
pub(crate) fn open(path: &Path) -> Result<Connection, ResultsError> {
    let fault = |operation| ResultsError::database(path, operation);
    let mut connection = Connection::open(path).map_err(fault("open"))?;
    connection.busy_timeout(PATIENCE).map_err(fault("open"))?;
    // The transaction begins with the write lock, so that of two programs that create the file at once, one waits.
    let tables = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(fault("open"))?;
    let number = |name: &str| tables.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (version, application) = (
        number("user_version").map_err(fault("open"))?,
        number("application_id").map_err(fault("open"))?,
    );
    let others: i64 = tables
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(fault("open"))?;
    if application != APPLICATION && (others > 0 || application != 0) {
        let content = ForeignContent::OtherProgram;
        return Err(ResultsError::Foreign { path: path.to_path_buf(), content });
    }
    if version > SCHEMA_VERSION {
        let (found, known) = (version, SCHEMA_VERSION);
        return Err(ResultsError::Newer { path: path.to_path_buf(), found, known });
    }
    if version < SCHEMA_VERSION {
        for batch in migrations(version) {
            tables.execute_batch(batch).map_err(fault("create tables"))?;
        }
        tables
            .pragma_update(None, "application_id", APPLICATION)
            .and_then(|()| tables.pragma_update(None, "user_version", SCHEMA_VERSION))
            .map_err(fault("create tables"))?;
    }
    tables.commit().map_err(fault("create tables"))?;
    write_ahead(&connection).map_err(fault("open"))?;
    // With the write-ahead log, FULL makes a finished row survive a power cut too, at the cost of a millisecond per
    // row.
    connection
        .pragma_update(None, "synchronous", "FULL")
        .and_then(|()| connection.pragma_update(None, "foreign_keys", true))
        .map_err(fault("open"))?;
    Ok(connection)
}

/// Switches to the write-ahead log. The switch needs an exclusive lock. When two programs create the file together, it
/// fails at once in spite of the busy timeout, so it is retried.
fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    const PAUSE: Duration = Duration::from_millis(20);
    let mut left = PATIENCE;
    loop {
        let switched = connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()));
        match switched {
            Err(e)
                if e.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
                    && left > PAUSE =>
            {
                std::thread::sleep(PAUSE);
                left -= PAUSE;
            }
            done => return done,
        }
    }
}
