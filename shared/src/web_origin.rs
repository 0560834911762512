//! The origin of a page or server (RFC 6454): scheme, host and port, as browsers write it; and the
//! list of those whose pages may call.

use std::net::{Ipv4Addr, Ipv6Addr};

/// An origin in parts.
pub struct WebOrigin<'a> {
    /// `https`, or `http`.
    is_https: bool,
    host: &'a str,
}

impl<'a> WebOrigin<'a> {
    /// Reads an origin. It must be written as browsers write it, since origins are compared as
    /// text: in lower case, without a port that goes without saying, and nothing after it.
    ///
    /// By hand, because a parser of whole URLs would be a quarter of the wasm.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let (is_https, usual_port) = match scheme {
            "https" => (true, "443"),
            "http" => (false, "80"),
            _ => return None,
        };
        let host_end = authority.find(']').map_or_else(|| authority.find(':'), |at| Some(at + 1));
        let (host, rest) = authority.split_at(host_end.unwrap_or(authority.len()));
        let port_is_fine = rest.is_empty()
            || rest.strip_prefix(':').is_some_and(|port| {
                port != usual_port
                    && port.parse::<u16>().is_ok_and(|number| number.to_string() == port)
            });
        (is_host(host) && port_is_fine).then_some(Self { is_https, host })
    }

    /// Whether what is sent there cannot be read on the way: it is encrypted, or does not leave
    /// this machine.
    #[must_use]
    pub fn is_private(&self) -> bool {
        let is_local = self.host == "localhost"
            || self.host == "[::1]"
            || self.host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback());
        self.is_https || is_local
    }
}

/// The browser origins that may call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedOrigins(Vec<String>);

impl AllowedOrigins {
    /// Reads a list of origins, separated by commas.
    ///
    /// # Errors
    /// What is no origin.
    pub fn parse(list: &str) -> Result<Self, String> {
        let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let origins = entries.map(|entry| {
            WebOrigin::parse(entry).map(|_| entry.to_owned()).ok_or_else(|| entry.to_owned())
        });
        origins.collect::<Result<_, _>>().map(Self)
    }

    /// Each of them, as it was written.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether pages of `origin` may call.
    #[must_use]
    pub fn contains(&self, origin: &str) -> bool {
        self.0.iter().any(|allowed| allowed == origin)
    }
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok_and(|parsed| parsed.to_string() == address);
    }
    !host.is_empty()
        && host.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_read_as_browsers_write_it() {
        for good in [
            "https://app.example.com",
            "https://app.example.com:8443",
            "http://localhost:5173",
            "http://127.0.0.1:8080",
            "https://xn--fiq228c.cn",
            "http://[::1]:8080",
        ] {
            assert!(WebOrigin::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "*",
            "null",
            "app.example.com",
            "ftp://a.com",
            "https://",
            "https://a.com/",
            "https://a.com?",
            "https://A.com",
            "HTTPS://a.com",
            "https://a.com:443",
            "http://a.com:80",
            "https://a.com:",
            "https://a.com:0443",
            "https://a.com:65536",
            "https://a.com:+1",
            "https://user@a.com",
            "https://中.com",
            "http://[::1",
            "http://[0:0:0:0:0:0:0:1]",
            "http://[::1]8080",
            "https://a.com b",
        ] {
            assert!(WebOrigin::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn only_encrypted_or_local_is_private() {
        let is_private = |text| WebOrigin::parse(text).unwrap().is_private();
        for private in ["https://a.com", "http://localhost", "http://127.8.0.1:1", "http://[::1]:1"]
        {
            assert!(is_private(private), "{private}");
        }
        for public in
            ["http://a.com", "http://10.0.0.1", "http://localhost.evil.com", "http://[::2]"]
        {
            assert!(!is_private(public), "{public}");
        }
    }

    fn allowed() -> AllowedOrigins {
        AllowedOrigins::parse("https://app.example.com, http://localhost:5173,").unwrap()
    }

    #[test]
    fn only_exact_origins_are_allowed() {
        assert!(allowed().contains("https://app.example.com"));
        assert!(allowed().contains("http://localhost:5173"));
        for foreign in [
            "https://app.example.com.evil.com",
            "http://app.example.com",
            "https://app.example.com:444",
            "null",
            "",
        ] {
            assert!(!allowed().contains(foreign), "{foreign}");
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for wrong in [
            "*",
            "null",
            "app.example.com",
            "https://app.example.com/",
            "https://APP.example.com",
            "https://a.com:443",
            "file:///x",
        ] {
            assert_eq!(AllowedOrigins::parse(wrong), Err(wrong.to_owned()));
        }
        assert_eq!(AllowedOrigins::parse(""), Ok(AllowedOrigins::default()));
    }
}
