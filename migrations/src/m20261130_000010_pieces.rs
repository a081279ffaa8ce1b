//! Versions of practices in pieces, seals on the chain of events, and what each party stores.
//!
//! The versions that there are become pieces where the store opens the database: what a hash is, is its to say.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text, text_null};
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Where events are sealed, one without a seal is refused: whoever would write it is a program that has no key, such as
/// a node of the version before. (The seal of the last one tells: a copy brings those without seals first.)
const SQLITE: &str = "CREATE TRIGGER event_is_sealed BEFORE INSERT ON event \
     WHEN NEW.seal IS NULL AND (SELECT seal FROM event ORDER BY seq DESC LIMIT 1) IS NOT NULL \
     BEGIN SELECT RAISE(ABORT, 'an event without a seal'); END";
const POSTGRES: &str = "CREATE FUNCTION event_is_sealed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
       IF NEW.seal IS NULL AND (SELECT seal FROM event ORDER BY seq DESC LIMIT 1) IS NOT NULL THEN RAISE EXCEPTION 'an event without a seal'; END IF; \
       RETURN NEW; \
     END $$; \
     CREATE TRIGGER event_is_sealed BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION event_is_sealed()";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("practice_piece")
                    .col(text("entry_id"))
                    // A hash of the text: each text is there once for a practice.
                    .col(text("name"))
                    .col(text("text"))
                    .primary_key(Index::create().col("entry_id").col("name"))
                    .foreign_key(ForeignKey::create().from("practice_piece", "entry_id").to("entry", "id").on_delete(ForeignKeyAction::Cascade))
                    .take(),
            )
            .await?;
        // How many bytes each party stores.
        manager.create_table(Table::create().table("holding").col(text("party").primary_key()).col(big_integer("bytes")).take()).await?;
        // The id of a key, and a hash with that key of the row's hash and of the seal before.
        manager.alter_table(Table::alter().table("event").add_column(text_null("seal")).take()).await?;
        let db = manager.get_connection();
        // Whether a reading was noted is asked with each reading.
        db.execute_unprepared("CREATE INDEX event_by_reader ON event (entry_id, party, version, at) WHERE kind = 'READ_RESTRICTED'").await?;
        let sealed = if db.get_database_backend() == DbBackend::Postgres { POSTGRES } else { SQLITE };
        db.execute_unprepared(sealed).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        let postgres = db.get_database_backend() == DbBackend::Postgres;
        db.execute_unprepared(if postgres { "DROP TRIGGER event_is_sealed ON event; DROP FUNCTION event_is_sealed()" } else { "DROP TRIGGER event_is_sealed" })
            .await?;
        db.execute_unprepared("DROP INDEX event_by_reader").await?;
        manager.alter_table(Table::alter().table("event").drop_column("seal").take()).await?;
        for table in ["holding", "practice_piece"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}
