//! A copy: all tables, the same in and out, never over somebody's data unasked.

use std::sync::Arc;

use super::{Db, catalogue};
use crate::store::connect::tables;
use crate::store::copy::{CopyError, TABLES};
use crate::store::sql::{Sql, rows};

#[tokio::test]
async fn every_table_and_column_is_copied() {
    let db = Db::new().await;
    let mut there = tables(&db.store.read).await.unwrap();
    there.retain(|name| name != "seaql_migrations");
    there.sort();
    let mut known: Vec<_> = TABLES.iter().map(|table| table.name.to_owned()).collect();
    known.sort();
    assert_eq!(there, known);
    for table in TABLES {
        let mut sql = Sql::new("");
        sql.either(
            "SELECT name FROM pragma_table_info('",
            "SELECT column_name::text FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = '",
        );
        sql.text(table.name).text("'").either(")", "");
        let mut there: Vec<String> = rows(&db.store.read, sql).await.unwrap().iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
        let mut known: Vec<_> = table.columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        there.sort();
        known.sort();
        assert_eq!(there, known, "{}", table.name);
    }
}

#[tokio::test]
async fn a_copy_is_the_same_and_is_made_once() {
    let (from, to) = (Db::filled().await, Db::new().await);
    let told = Arc::new(std::sync::Mutex::new((0, 0)));
    let hears = Arc::clone(&told);
    let copied = from.store.copy_to(&to.store, false, Arc::new(move |done, all| *hears.lock().unwrap() = (done, all))).await.unwrap();
    let rows: u64 = copied.tables.iter().map(|(_, rows, _)| rows).sum();
    assert_eq!((copied.was_there, *told.lock().unwrap()), (false, (rows, rows)));
    assert_eq!(to.everything().await, from.everything().await);
    assert_eq!(to.store.secret().await.unwrap(), from.store.secret().await.unwrap());
    to.is_sound().await;

    let again = from.store.copy_to(&to.store, false, Arc::new(|_, _| {})).await.unwrap();
    assert!(again.was_there && again.tables == copied.tables);
    to.sql("UPDATE meta SET value = 'x' WHERE key = 'catalogue_edition'").await;
    let before = to.everything().await;
    let refused = from.store.copy_to(&to.store, false, Arc::new(|_, _| {})).await.unwrap_err();
    assert!(matches!(&refused, CopyError::Occupied(what) if what.contains("entry 8")), "{refused}");
    assert_eq!(to.everything().await, before);
    from.store.copy_to(&to.store, true, Arc::new(|_, _| {})).await.unwrap();
    assert_eq!(to.everything().await, from.everything().await);
    // The copy goes on by itself.
    to.load(&catalogue()).await;
    assert_eq!(to.everything().await, from.everything().await);
}
