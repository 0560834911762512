//! A way to a server that can be cut: what stands behind it is then as good as stopped.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// A port on the loopback that leads to a server.
pub struct Proxy {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    is_cut: bool,
    open: JoinSet<()>,
}

impl Proxy {
    /// Opens the way to `server`, as `host:port`.
    ///
    /// # Panics
    /// Where there is no port.
    pub async fn open(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::<Mutex<State>>::default();
        let (server, held) = (server.to_owned(), Arc::clone(&state));
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut state = held.lock().expect("nobody panics with it");
                while state.open.try_join_next().is_some() {}
                if state.is_cut {
                    continue;
                }
                let server = server.clone();
                state.open.spawn(async move {
                    if let Ok(mut server) = TcpStream::connect(server).await {
                        let _ = copy_bidirectional(&mut client, &mut server).await;
                    }
                });
            }
        });
        Self { address, state }
    }

    /// Where it is, as `host:port`.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Ends every connection and lets no new one through.
    ///
    /// # Panics
    /// Where the proxy has panicked.
    pub fn cut(&self) {
        let mut state = self.state.lock().expect("nobody panics with it");
        state.is_cut = true;
        state.open = JoinSet::new();
    }

    /// Lets connections through again.
    ///
    /// # Panics
    /// Where the proxy has panicked.
    pub fn mend(&self) {
        self.state.lock().expect("nobody panics with it").is_cut = false;
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn a_cut_ends_what_is_open_and_lets_nothing_through() {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Proxy::open(&server.local_addr().unwrap().to_string()).await;
        let mut client = TcpStream::connect(proxy.address()).await.unwrap();
        client.write_all(b"hi").await.unwrap();
        let (mut accepted, _) = server.accept().await.unwrap();
        let mut read = [0; 2];
        accepted.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"hi");

        proxy.cut();
        assert_eq!(client.read(&mut read).await.unwrap_or(0), 0);
        let mut refused = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(refused.read(&mut read).await.unwrap_or(0), 0);

        proxy.mend();
        let mut client = TcpStream::connect(proxy.address()).await.unwrap();
        client.write_all(b"ok").await.unwrap();
        let (mut accepted, _) = server.accept().await.unwrap();
        accepted.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"ok");
    }
}
