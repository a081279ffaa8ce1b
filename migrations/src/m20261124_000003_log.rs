//! What changed and when, and what the database knows of itself.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("change")
                    // One a transaction, in the order of commits: there is a single writer.
                    .col(big_integer("revision"))
                    .col(text("entry_id"))
                    .col(text("kind"))
                    .col(text("at"))
                    .primary_key(Index::create().col("revision").col("entry_id"))
                    .take(),
            )
            .await?;
        manager.create_table(Table::create().table("meta").col(text("key").primary_key()).col(text("value")).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["meta", "change"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}
