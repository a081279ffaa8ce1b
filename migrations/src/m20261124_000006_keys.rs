//! API keys: who may ask for whom. Of a key itself only a keyed hash is kept.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{text, text_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("api_key")
                    // The part of a key that is no secret.
                    .col(text("id").primary_key())
                    // Of the secret part, keyed with the installation's own secret; hexadecimal.
                    .col(text("digest"))
                    .col(text("party"))
                    .col(text("role"))
                    .col(text("subject"))
                    .col(text_null("note"))
                    .col(text("created_at"))
                    .col(text("expires_at"))
                    .col(text_null("revoked_at"))
                    // To the minute or so: uses are noted in batches.
                    .col(text_null("last_used_at"))
                    .take(),
            )
            .await?;
        manager.create_index(Index::create().name("api_key_party").table("api_key").col("party").take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("api_key").take()).await
    }
}
