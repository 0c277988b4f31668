//! Traces: whose work this is, carried to other threads and into what is written and sent; and, where a collector is set, what
//! it is shown of that work.

use std::io;
use std::sync::OnceLock;
use std::time::SystemTime;

use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor};

use crate::ambient::Ambient;
use crate::domain::trace_context::TraceContext;

/// The header of W3C Trace Context.
pub const TRACEPARENT: &str = "traceparent";

tokio::task_local! {
    static CURRENT: TraceContext;
}

/// Takes finished work to the collector, in batches and from a thread of its own.
static COLLECTOR: OnceLock<BatchSpanProcessor> = OnceLock::new();

/// Shows finished work to the collector at `endpoint`, e.g. `http://127.0.0.1:4318`, by OTLP over HTTP.
///
/// # Errors
/// When the address is none.
pub fn export_to(endpoint: &str) -> io::Result<()> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .build()
        .map_err(|cause| io::Error::other(format!("MOTCUA_OTLP_ENDPOINT: {cause}")))?;
    let mut collector = BatchSpanProcessor::builder(exporter).build();
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    collector.set_resource(&Resource::builder_empty().with_service_name("motcua").with_attribute(version).build());
    COLLECTOR.set(collector).map_err(|_| io::Error::other("traces have a collector already"))
}

/// Hands over what is finished and not with the collector yet.
pub fn flush() {
    if let Some(collector) = COLLECTOR.get()
        && let Err(cause) = collector.shutdown()
    {
        tracing::warn!(%cause, "the last traces did not reach the collector");
    }
}

/// The trace this is done for, if there is one.
pub fn current() -> Option<TraceContext> {
    CURRENT.try_with(|context| *context).ok()
}

/// Has `work` done for a trace.
pub async fn within<T>(context: Option<TraceContext>, work: impl Future<Output = T>) -> T {
    match context {
        Some(context) => CURRENT.scope(context, work).await,
        None => work.await,
    }
}

/// Work for another thread, which goes on there for the same trace and in the same span of the log.
pub fn carried<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let (span, context) = (tracing::Span::current(), current());
    move || {
        span.in_scope(|| match context {
            Some(context) => on_behalf(context, work),
            None => work(),
        })
    }
}

/// Does `work` on this thread for a trace.
pub fn on_behalf<T>(context: TraceContext, work: impl FnOnce() -> T) -> T {
    CURRENT.sync_scope(context, work)
}

/// A piece of work that belongs to a trace.
#[derive(Debug)]
pub struct Work {
    context: TraceContext,
    cause: Option<TraceContext>,
    began: SystemTime,
}

impl Work {
    /// Begins a piece of work for the trace that caused it, or for a new one where there is a collector to show it to.
    pub fn begin(ambient: &Ambient, cause: Option<TraceContext>) -> Option<Self> {
        if cause.is_none() && COLLECTOR.get().is_none() {
            return None;
        }
        let new = || TraceContext { trace: u128::from_be_bytes(ambient.random()).max(1), span: 0, is_sampled: true };
        let span = u64::from_be_bytes(ambient.random()).max(1);
        let context = TraceContext { span, ..cause.unwrap_or_else(new) };
        Some(Self { context, cause, began: ambient.wall_clock() })
    }

    /// Where it stands in its trace.
    pub fn context(&self) -> TraceContext {
        self.context
    }

    /// Ends it: `name` and `attributes` name kinds of work, codes and outcomes, never persons.
    pub fn end(
        self,
        ambient: &Ambient,
        kind: SpanKind,
        name: String,
        has_failed: bool,
        attributes: Vec<(&'static str, String)>,
    ) {
        let Some(collector) = COLLECTOR.get().filter(|_| self.context.is_sampled) else { return };
        let TraceContext { trace, span, .. } = self.context;
        let attributes = attributes.into_iter().map(|(name, value)| KeyValue::new(name, value)).collect();
        collector.on_end(SpanData {
            span_context: SpanContext::new(
                TraceId::from(trace),
                SpanId::from(span),
                TraceFlags::SAMPLED,
                false,
                TraceState::NONE,
            ),
            parent_span_id: self.cause.map_or(SpanId::INVALID, |cause| SpanId::from(cause.span)),
            parent_span_is_remote: self.cause.is_some(),
            span_kind: kind,
            name: name.into(),
            start_time: self.began,
            end_time: ambient.wall_clock(),
            attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: if has_failed { Status::error("") } else { Status::Unset },
            instrumentation_scope: InstrumentationScope::builder("motcua").build(),
        });
    }
}
