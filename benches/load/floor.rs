//! The floors: the same HTTP stack, sending a body of so many bytes, or what one statement gives, to whoever asks.

#![allow(dead_code, reason = "each benchmark uses some of it")]

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

/// Serves so many bytes until it is ended.
pub fn serve(bytes: usize) {
    let body: &'static str = Box::leak("x".repeat(bytes).into_boxed_str());
    let answer = post(move |_: Bytes| async move { ([(CONTENT_TYPE, "application/json")], body) });
    run(async move { Router::new().route("/graphql", answer) });
}

/// Serves what a statement over plain tables gives for the body of a request, which is its parameter.
pub fn serve_statement(database: &Path, sql: &'static str) {
    let url = format!("sqlite://{}?mode=ro", database.display());
    run(async move {
        let mut options = ConnectOptions::new(url);
        options.max_connections(4).sqlx_logging(false).test_before_acquire(false);
        let db: Arc<DatabaseConnection> = Arc::new(Database::connect(options).await.expect("the plain tables"));
        let answer = post(move |parameter: String| {
            let db = Arc::clone(&db);
            async move { ([(CONTENT_TYPE, "application/json")], said(&db, sql, parameter).await) }
        });
        Router::new().route("/graphql", answer)
    });
}

async fn said(db: &DatabaseConnection, sql: &str, parameter: String) -> String {
    let parameters: Vec<sea_orm::Value> = if sql.contains('?') { vec![parameter.into()] } else { Vec::new() };
    let row = db.query_one_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, parameters)).await;
    let data: String = row.expect("an answer").expect("a row").try_get_by_index(0).expect("a text");
    format!(r#"{{"data":{data}}}"#)
}

fn run(router: impl Future<Output = Router>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async move {
        let router = router.await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("http://{}", listener.local_addr().expect("an address"));
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let _ = stream.set_nodelay(true);
            let service = hyper_util::service::TowerToHyperService::new(router.clone());
            tokio::spawn(async move {
                let _ = hyper::server::conn::http1::Builder::new().serve_connection(hyper_util::rt::TokioIo::new(stream), service).await;
            });
        }
    });
}
