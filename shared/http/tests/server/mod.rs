//! A server that misbehaves to order: raw sockets, because no HTTP library would tell these lies.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the server does after it has read a request; at the end it closes the connection.
#[derive(Clone)]
pub(crate) enum Act {
    /// Writes these bytes.
    Send(String),
    /// Writes this again and again, until the client goes away.
    Endless(&'static [u8]),
    /// Stays silent until the server is dropped.
    Hang,
}

/// An answer with these header lines, and with the length of its body told truly.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> Vec<Act> {
    let length = body.len();
    vec![Act::Send(format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    ))]
}

pub(crate) struct Server {
    /// `http://127.0.0.1:port`.
    pub(crate) origin: String,
    requests: Arc<Mutex<Vec<String>>>,
    // Dropped with the server, which ends every `Hang`.
    _alive: watch::Sender<()>,
}

impl Server {
    /// A server on a free port, which does for each path what `script` says.
    pub(crate) async fn start(script: impl Fn(&str) -> Vec<Act> + Send + 'static) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (alive, watching) = watch::channel(());
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let request = read_request(&mut stream).await;
                let acts = script(request.split(' ').nth(1).unwrap_or("/"));
                seen.lock().unwrap_or_else(PoisonError::into_inner).push(request);
                tokio::spawn(play(stream, acts, watching.clone()));
            }
        });
        Ok(Self { origin, requests, _alive: alive })
    }

    /// The requests so far, heads in lower case.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn play(mut stream: TcpStream, acts: Vec<Act>, mut alive: watch::Receiver<()>) {
    for act in acts {
        match act {
            Act::Send(text) => {
                let _ = stream.write_all(text.as_bytes()).await;
            }
            Act::Endless(bytes) => while stream.write_all(bytes).await.is_ok() {},
            Act::Hang => {
                let _ = alive.changed().await;
            }
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> String {
    let (mut read, mut buffer) = (Vec::new(), [0_u8; 4096]);
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
            if body.len() >= length.unwrap_or(0) {
                return format!("{head}\r\n\r\n{body}");
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return text,
            Ok(count) => read.extend(buffer.iter().take(count)),
        }
    }
}
