//! Figures one by one, and the corridors that they make.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, big_pk_auto, boolean, double_null, text, text_null, text_uniq};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(observation()).await?;
        for (name, columns) in INDEXES {
            let mut index = Index::create().name(*name).table("observation").take();
            for column in *columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        manager.create_table(Table::create().table("corridor").col(text("code").primary_key()).col(text("origin")).col(text("destination")).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["corridor", "observation"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}

/// A page of one subject, in either order, is a walk along an index; `seq` makes every order total.
const INDEXES: &[(&str, &[&str])] = &[
    ("observation_by_period", &["subject", "is_total", "is_newest", "period_end", "period_start", "seq"]),
    ("observation_by_value", &["subject", "is_total", "is_newest", "value", "seq"]),
    ("observation_by_source", &["source", "edition", "sha256"]),
];

fn observation() -> TableCreateStatement {
    Table::create()
        .table("observation")
        .col(big_pk_auto("seq"))
        .col(text_uniq("id"))
        // C:AFG-DEU, R:EAST-MED or S:AFG.
        .col(text("subject"))
        // Both null unless it is about a corridor.
        .col(text_null("origin"))
        .col(text_null("destination"))
        .col(text("measure"))
        .col(text("period_start"))
        .col(text("period_end"))
        .col(double_null("value"))
        .col(text("availability"))
        .col(text("status"))
        .col(text_null("sex"))
        .col(text_null("age_group"))
        // JSON; empty where there are none.
        .col(text("dimensions"))
        // Neither sex, age group nor dimension.
        .col(boolean("is_total"))
        // Of the newest edition of its source.
        .col(boolean("is_newest"))
        .col(text("source"))
        .col(text("edition"))
        .col(text_null("retrieved_on"))
        .col(text_null("file"))
        // Null for what came with the catalogue.
        .col(text_null("sha256"))
        .col(big_integer_null("line"))
        .col(text_null("raw_value"))
        .take()
}
