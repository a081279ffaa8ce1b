//! Figures, one a row, and the corridors that they make.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, boolean, double_null, pk_auto, string, string_null, string_uniq, text};

/// This step.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let observation = Table::create()
            .table("observation")
            .col(pk_auto("seq").big_integer())
            .col(string_uniq("id"))
            .col(string("subject"))
            .col(string_null("origin"))
            .col(string_null("destination"))
            .col(string("measure"))
            .col(string("period_start"))
            .col(string("period_end"))
            .col(double_null("value"))
            .col(string("availability"))
            .col(string("status"))
            .col(string_null("sex"))
            .col(string_null("age_group"))
            .col(text("dimensions"))
            .col(boolean("is_total"))
            .col(boolean("is_newest"))
            .col(string("source"))
            .col(string("edition"))
            .col(string_null("retrieved_on"))
            .col(string_null("file"))
            .col(string_null("sha256"))
            .col(big_integer_null("line"))
            .col(string_null("raw_value"))
            .to_owned();
        manager.create_table(observation).await?;
        let index = |name: &'static str, columns: &[&'static str]| {
            let mut index = Index::create().name(name).table("observation").to_owned();
            for column in columns {
                index.col(*column);
            }
            index
        };
        manager.create_index(index("observation_by_period", &["subject", "is_total", "is_newest", "period_end", "period_start", "id"])).await?;
        manager.create_index(index("observation_by_value", &["subject", "value", "id"])).await?;
        manager.create_index(index("observation_by_edition", &["source", "edition"])).await?;
        let corridor = Table::create().table("corridor").col(string("code").primary_key()).col(string("origin")).col(string("destination")).to_owned();
        manager.create_table(corridor).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["corridor", "observation"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
