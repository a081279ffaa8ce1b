//! Figures by series: a row a series with its points in a few bytes each, and column blocks to sum over.
//!
//! What the wide table `observation` held is carried over by the store when it opens (`store/series/carry.rs`), as
//! the bytes of points are the store's matter; that table is then dropped.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, boolean, text, text_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [figure_file(), figure_set(), breakdown(), place(), series(), figure_block()] {
            manager.create_table(table).await?;
        }
        for (name, table, columns, is_unique) in INDEXES {
            let mut index = Index::create().name(*name).table(*table).take();
            for column in *columns {
                index.col(*column);
            }
            if *is_unique {
                index.unique();
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["figure_block", "series", "place", "breakdown", "figure_set", "figure_file"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}

type Columns = &'static [&'static str];

/// All series of a subject stand together; a figure's id finds its series by the hash.
const INDEXES: &[(&str, &str, Columns, bool)] = &[
    ("figure_set_by_name", "figure_set", &["source", "measure", "edition"], true),
    ("series_by_subject", "series", &["subject", "set_id", "breakdown_id"], true),
    ("series_by_set", "series", &["set_id", "breakdown_id", "id"], false),
    ("series_by_hash", "series", &["hash"], false),
    ("place_by_code", "place", &["code"], true),
];

/// A file that figures came in; without a checksum, a file of the catalogue.
fn figure_file() -> TableCreateStatement {
    Table::create()
        .table("figure_file")
        .col(big_integer("id").primary_key())
        .col(text("source"))
        .col(text("edition"))
        .col(text_null("name"))
        .col(text_null("sha256"))
        .col(text_null("retrieved_on"))
        .take()
}

/// The figures of one measure in one edition of a source.
fn figure_set() -> TableCreateStatement {
    Table::create()
        .table("figure_set")
        .col(big_integer("id").primary_key())
        .col(text("source"))
        .col(text("measure"))
        .col(text("edition"))
        // All of its figures are cited in the catalogue: a publisher's own file outranks it.
        .col(boolean("is_cited"))
        // Of this source and measure, the edition that is read where none is named.
        .col(boolean("is_newest"))
        .col(big_integer("facts"))
        // Null where it has no figure; days.
        .col(text_null("first_day"))
        .col(text_null("last_day"))
        .take()
}

/// What figures are told apart by: sex, age group, dimensions (JSON; empty where there are none).
fn breakdown() -> TableCreateStatement {
    Table::create().table("breakdown").col(big_integer("id").primary_key()).col(text_null("sex")).col(text_null("age_group")).col(text("dimensions")).take()
}

/// Short numbers for the codes of points and routes, for blocks.
fn place() -> TableCreateStatement {
    Table::create().table("place").col(big_integer("id").primary_key()).col(text("code")).take()
}

/// One subject, set and breakdown through time.
fn series() -> TableCreateStatement {
    Table::create()
        .table("series")
        .col(big_integer("id").primary_key())
        .col(big_integer("hash"))
        .col(big_integer("set_id"))
        .col(big_integer("breakdown_id"))
        // C:AFG-DEU, R:EAST-MED or S:AFG.
        .col(text("subject"))
        .col(binary("points"))
        .take()
}

/// All subjects of one kind, set, breakdown and period.
fn figure_block() -> TableCreateStatement {
    Table::create()
        .table("figure_block")
        .col(big_integer("set_id"))
        .col(big_integer("breakdown_id"))
        .col(big_integer("kind"))
        .col(big_integer("period"))
        .col(big_integer("facts"))
        .col(binary("cells"))
        .col(binary("series"))
        .primary_key(Index::create().col("set_id").col("breakdown_id").col("kind").col("period"))
        .take()
}
