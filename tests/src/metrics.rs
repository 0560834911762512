//! What `/metrics` says, read as a monitor reads it.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
};

use axum::body::Body;
use http::Request;
use shared::route;

use crate::{
    TestApp,
    system::{Door, System},
};

/// Values by series: `name{label="value"}`, the labels as they were written.
#[derive(Debug)]
pub struct Metrics(pub BTreeMap<String, f64>);

impl Metrics {
    /// Those of an application.
    pub async fn of(app: &TestApp) -> Self {
        let request = Request::get(route::METRICS).body(Body::empty()).expect("a request");
        let reply = app.send(request, IpAddr::V4(Ipv4Addr::LOCALHOST)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        assert_eq!(reply.headers["content-type"], content_type);
        Self::read(&reply.text)
    }

    /// Those of an origin process.
    pub async fn at(system: &System, door: &Door) -> Self {
        let reply = system.send(system.request(door, "GET", route::METRICS)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        Self::read(&reply.text)
    }

    fn read(text: &str) -> Self {
        assert!(text.ends_with("# EOF\n"), "{text}");
        let series = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
            let (series, value) = line.rsplit_once(' ').expect("a value");
            (series.to_owned(), value.parse().expect("a number"))
        });
        let read = Self(series.collect());
        for name in read.0.keys().map(|series| series.split('{').next().unwrap_or(series)) {
            let of = |suffix| name.strip_suffix(suffix);
            let family = of("_total").or(of("_bucket")).or(of("_sum")).or(of("_count"));
            let help = format!("# HELP {} ", family.unwrap_or(name));
            assert!(text.contains(&help), "{name} says not what it is");
        }
        read
    }

    /// The value of a series; 0 where there is none yet.
    #[must_use]
    pub fn get(&self, series: &str) -> f64 {
        self.0.get(series).copied().unwrap_or_default()
    }

    /// The same as a whole number.
    ///
    /// # Panics
    /// Where it is none.
    #[must_use]
    pub fn count(&self, series: &str) -> i64 {
        let value = self.get(series);
        assert!(value.fract() == 0.0 && value.abs() < 1e15, "{series} is {value}");
        #[expect(clippy::cast_possible_truncation, reason = "it is a whole number in its range")]
        let count = value as i64;
        count
    }
}
