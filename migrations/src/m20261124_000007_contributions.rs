//! What parties contribute: where each practice stands, its versions, what happened to it, and which calls were
//! answered already.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, big_pk_auto, text, text_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("dossier")
                    .col(text("entry_id").primary_key())
                    // JSON: owner, version, status, consent, publication.
                    .col(text("content"))
                    .foreign_key(ForeignKey::create().from("dossier", "entry_id").to("entry", "id").on_delete(ForeignKeyAction::Cascade))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("practice_version")
                    .col(text("entry_id"))
                    .col(big_integer("version"))
                    // The language that the edit was written in.
                    .col(text("language"))
                    // JSON of the practice without its bodies.
                    .col(text("content"))
                    // JSON: a list of language and body, the original first.
                    .col(text("bodies"))
                    .col(text("status"))
                    // JSON.
                    .col(text("audience"))
                    .col(text("recorded_at"))
                    .primary_key(Index::create().col("entry_id").col("version"))
                    .foreign_key(ForeignKey::create().from("practice_version", "entry_id").to("entry", "id").on_delete(ForeignKeyAction::Cascade))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("event")
                    .col(big_pk_auto("seq"))
                    .col(text("at"))
                    .col(text("entry_id"))
                    .col(text("kind"))
                    .col(text("party"))
                    .col(text("subject"))
                    .col(big_integer_null("version"))
                    .col(text_null("note"))
                    // Hash of this row and of the hash before it: no row can be changed, removed or moved unseen.
                    .col(text("hash"))
                    .take(),
            )
            .await?;
        manager.create_index(Index::create().name("event_by_entry").table("event").col("entry_id").col("seq").take()).await?;
        manager
            .create_table(
                Table::create()
                    .table("answered")
                    .col(text("subject"))
                    .col(text("key"))
                    .col(text("digest"))
                    .col(text("entry_id"))
                    .col(big_integer("revision"))
                    .col(text("at"))
                    .primary_key(Index::create().col("subject").col("key"))
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["answered", "event", "practice_version", "dossier"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}
