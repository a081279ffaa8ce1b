//! The tables as sea-orm knows them; [`migrations`](silkroutes_migrations) makes them and says what columns mean.

/// What people write, one document a row.
pub(super) mod entry {
    use sea_orm::entity::prelude::*;

    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "entry")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub kind: String,
        pub code: String,
        pub content: String,
        pub digest: Option<String>,
        pub origin: String,
        pub version: i64,
        pub revision: i64,
        pub published_at: Option<String>,
        pub updated_at: String,
    }

    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The bodies of practices.
pub(super) mod practice_body {
    use sea_orm::entity::prelude::*;

    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "practice_body")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub entry_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub language: String,
        pub ordinal: i64,
        pub body: String,
    }

    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Figures.
pub(super) mod observation {
    use sea_orm::entity::prelude::*;

    #[derive(Debug, Clone, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "observation")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub seq: i64,
        pub id: String,
        pub subject: String,
        pub origin: Option<String>,
        pub destination: Option<String>,
        pub measure: String,
        pub period_start: String,
        pub period_end: String,
        pub value: Option<f64>,
        pub availability: String,
        pub status: String,
        pub sex: Option<String>,
        pub age_group: Option<String>,
        pub dimensions: String,
        pub is_total: bool,
        pub is_newest: bool,
        pub source: String,
        pub edition: String,
        pub retrieved_on: Option<String>,
        pub file: Option<String>,
        pub sha256: Option<String>,
        pub line: Option<i64>,
        pub raw_value: Option<String>,
    }

    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
