//! Entries as documents, and their long texts apart.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text, text_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("entry")
                    .col(text("id").primary_key())
                    .col(text("kind"))
                    .col(text("code"))
                    // The JSON form of the entry, without its bodies.
                    .col(text("content"))
                    // Hash of what the catalogue said last, bodies included; null where it never said anything.
                    .col(text_null("digest"))
                    // Who wrote it last: CATALOGUE or API.
                    .col(text("origin"))
                    .col(big_integer("version"))
                    .col(big_integer("revision"))
                    .col(text_null("published_at"))
                    .col(text("updated_at"))
                    .take(),
            )
            .await?;
        let by_code = Index::create().name("entry_by_code").table("entry").col("kind").col("code").unique().take();
        manager.create_index(by_code).await?;
        manager.create_table(long_text("practice_body", "body")).await?;
        manager.create_table(long_text("official_text", "text")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["official_text", "practice_body", "entry"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}

/// A text of an entry in each of its languages; the one it was written in has the smallest ordinal.
fn long_text(table: &'static str, column: &'static str) -> TableCreateStatement {
    Table::create()
        .table(table)
        .col(text("entry_id"))
        .col(text("language"))
        .col(big_integer("ordinal"))
        .col(text(column))
        .primary_key(Index::create().col("entry_id").col("language"))
        .foreign_key(ForeignKey::create().from(table, "entry_id").to("entry", "id").on_delete(ForeignKeyAction::Cascade))
        .take()
}
