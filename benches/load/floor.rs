//! The floor: the same HTTP stack, sending a body of so many bytes to whoever asks.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;

/// Serves until it is ended.
pub fn serve(bytes: usize) {
    let body: &'static str = Box::leak("x".repeat(bytes).into_boxed_str());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().route("/graphql", post(move |_: axum::body::Bytes| async move { ([(CONTENT_TYPE, "application/json")], body) }));
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
