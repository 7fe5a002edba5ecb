//! Connections: so many at most, each with a time for what the other side has to do, so that slow clients are no burden to others.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutStream;

/// Limits of the connections of a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ConnectionLimits {
    /// Connections at once; others wait to be accepted.
    pub most: usize,
    /// Time for the head of a request, from the last reply on: idle connections end after it too.
    pub head: Duration,
    /// Time without progress after which a reply that is not read is given up.
    pub write: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> ConnectionLimits {
        let (head, write) = (Duration::from_secs(60), Duration::from_secs(30));
        ConnectionLimits { most: 16_384, head, write }
    }
}

/// Bytes of a connection that are read ahead: a head has to fit in.
const BUFFER: usize = 64 << 10;

/// Time to wait where no connection can be accepted: no file descriptor is left.
const AFTER_ERROR: Duration = Duration::from_millis(50);

/// Accepts connections for as long as the runtime lives.
pub async fn accept(listener: TcpListener, routes: Router, limits: ConnectionLimits) {
    let places = Arc::new(Semaphore::new(limits.most));
    let service = TowerToHyperService::new(routes);
    loop {
        let place = Arc::clone(&places).acquire_owned().await.expect("the places are never closed");
        match listener.accept().await {
            Ok((stream, _)) => {
                let service = service.clone();
                tokio::spawn(async move {
                    serve(stream, service, limits).await;
                    drop(place);
                });
            }
            Err(_) => tokio::time::sleep(AFTER_ERROR).await,
        }
    }
}

/// Serves a connection to its end, whatever that is: a client that breaks it off harms itself alone.
async fn serve(stream: TcpStream, service: TowerToHyperService<Router>, limits: ConnectionLimits) {
    // Replies are whole when they are written: to wait for more only delays them. Where it cannot be set, it is slower.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limits.write));
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(Box::pin(stream)), service)
        .await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const SHORT: Duration = Duration::from_millis(200);

    /// Runs a conversation with a server that has a short and a very long answer.
    fn with_server<F: Future<Output = ()>>(limits: ConnectionLimits, talk: impl FnOnce(String) -> F) {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap().to_string();
            let routes = Router::new()
                .route("/", get(|| async { "short" }))
                .route("/long", get(|| async { "long".repeat(16 << 20) }));
            tokio::spawn(accept(listener, routes, limits));
            talk(address).await;
        });
    }

    async fn answer(address: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    #[test]
    fn a_client_that_says_nothing_is_left() {
        let limits = ConnectionLimits { head: SHORT, ..ConnectionLimits::default() };
        with_server(limits, async |address| {
            for begun in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: x\r\n"] {
                let mut stream = TcpStream::connect(&address).await.unwrap();
                stream.write_all(begun.as_bytes()).await.unwrap();
                let mut rest = Vec::new();
                let ended = tokio::time::timeout(25 * SHORT, stream.read_to_end(&mut rest)).await;
                assert!(ended.is_ok(), "{begun}: the connection goes on");
            }
            assert!(answer(&address).await.ends_with("short"));
        });
    }

    #[test]
    fn a_client_that_does_not_read_loses_its_place() {
        let limits = ConnectionLimits { most: 1, write: SHORT, ..ConnectionLimits::default() };
        with_server(limits, async |address| {
            let mut silent = TcpStream::connect(&address).await.unwrap();
            silent.write_all(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
            // The only place is taken until the reply is given up.
            let other = tokio::time::timeout(50 * SHORT, answer(&address)).await;
            assert!(other.expect("the place is never free").ends_with("short"));
            drop(silent);
        });
    }
}
