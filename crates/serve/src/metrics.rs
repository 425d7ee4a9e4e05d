//! `/metrics` in Prometheus's text format.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Route and status of a response, the labels of a counter.
#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Labels {
    route: String,
    status: u16,
}

type SecondsCounter = Counter<f64, std::sync::atomic::AtomicU64>;

/// Metrics of a server.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Labels, Counter>,
    latency: Histogram,
    running: Gauge,
    queued: Gauge,
    in_flight: Gauge,
    spoken: SecondsCounter,
    recognized: SecondsCounter,
    /// Counter of requests that were computed in a batch.
    pub batched: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("syrinx");
        let edges = [0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0];
        let latency = Histogram::new(edges);
        let requests = Family::<Labels, Counter>::default();
        let (running, queued, in_flight) = (Gauge::default(), Gauge::default(), Gauge::default());
        let batched = Counter::default();
        let (spoken, recognized) = (SecondsCounter::default(), SecondsCounter::default());
        registry.register("requests", "Responses by route and status", requests.clone());
        registry.register_with_unit(
            "response_head",
            "Time from a request's headers to its response's",
            Unit::Seconds,
            latency.clone(),
        );
        registry.register("jobs_running", "Requests being computed", running.clone());
        registry.register("jobs_queued", "Requests waiting for a worker", queued.clone());
        registry.register(
            "jobs_batched",
            "Requests computed in a batch with others",
            batched.clone(),
        );
        registry.register(
            "requests_in_flight",
            "Requests admitted and not yet answered",
            in_flight.clone(),
        );
        registry.register_with_unit(
            "speech",
            "Length of the generated speech",
            Unit::Seconds,
            spoken.clone(),
        );
        registry.register_with_unit(
            "recognized",
            "Length of the transcribed recordings",
            Unit::Seconds,
            recognized.clone(),
        );
        Self {
            registry,
            requests,
            latency,
            running,
            queued,
            in_flight,
            spoken,
            recognized,
            batched,
        }
    }
}

impl Metrics {
    /// Counts generated speech by its number of samples.
    pub fn spoke(&self, samples: usize, rate_hz: u32) {
        self.spoken.inc_by(samples as f64 / f64::from(rate_hz.max(1)));
    }

    /// Counts a response of a route, sent `seconds` after its request.
    pub fn responded(&self, route: String, status: u16, seconds: f64) {
        self.requests.get_or_create(&Labels { route, status }).inc();
        self.latency.observe(seconds);
    }

    /// Returns all metrics as text, including the state of the worker pool.
    pub fn text(
        &self,
        [running, queued, in_flight]: [usize; 3],
    ) -> Result<String, std::fmt::Error> {
        self.running.set(running as i64);
        self.queued.set(queued as i64);
        self.in_flight.set(in_flight as i64);
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    /// Counts a transcribed recording by its length in seconds.
    pub fn recognized(&self, seconds: f64) {
        self.recognized.inc_by(seconds);
    }
}
