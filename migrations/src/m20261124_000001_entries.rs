//! Entries as documents, long texts beside them, the change log, and what the installation knows of itself.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string, string_null, text, text_null};

/// This step.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let entry = Table::create()
            .table("entry")
            .col(string("id").primary_key())
            .col(string("kind"))
            .col(string("code"))
            .col(text("content"))
            .col(string_null("digest"))
            .col(string("origin"))
            .col(big_integer("version"))
            .col(big_integer("revision"))
            .col(string_null("published_at"))
            .col(string("updated_at"))
            .to_owned();
        manager.create_table(entry).await?;
        manager.create_index(Index::create().name("entry_kind_code").table("entry").col("kind").col("code").unique().to_owned()).await?;
        for table in ["practice_body", "official_text"] {
            let texts = Table::create()
                .table(table)
                .col(string("entry_id"))
                .col(string("language"))
                .col(big_integer("ordinal"))
                .col(text("content"))
                .primary_key(Index::create().col("entry_id").col("language"))
                .foreign_key(ForeignKey::create().from(table, "entry_id").to("entry", "id").on_delete(ForeignKeyAction::Cascade))
                .to_owned();
            manager.create_table(texts).await?;
        }
        let change = Table::create()
            .table("change")
            .col(big_integer("revision"))
            .col(string("at"))
            .col(string("kind"))
            .col(string("entry_id"))
            .primary_key(Index::create().col("revision").col("kind").col("entry_id"))
            .to_owned();
        manager.create_table(change).await?;
        manager.create_table(Table::create().table("meta").col(string("key").primary_key()).col(text_null("value")).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["meta", "change", "official_text", "practice_body", "entry"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
