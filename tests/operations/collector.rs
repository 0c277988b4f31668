//! Traces over OTLP: what a collector gets of a request that came with a trace, and of background work.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use reqwest::Method;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

use crate::office::{Served, create_admin, program};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[actix_web::test]
async fn a_collector_sees_requests_in_the_trace_they_came_with() {
    let collector = MockServer::start().await;
    let taken = Mock::given(matchers::method("POST")).and(matchers::path("/v1/traces"));
    taken.respond_with(ResponseTemplate::new(200)).mount(&collector).await;
    let folder = tempfile::tempdir().unwrap();
    let (folder, url) = (folder.path(), "sqlite://office.db");
    create_admin(&program(), folder, url);
    let mut office = Served::start(&program(), folder, url, &[("MOTCUA_OTLP_ENDPOINT", &collector.uri())]);
    office.set_up().await;
    for (path, flags) in [("/v1/fields", "01"), ("/v1/agencies", "00")] {
        let parent = format!("00-{TRACE}-b7ad6b7169203331-{flags}");
        office.send_with(Method::GET, path, &[("traceparent", &parent)], None).await;
    }
    // What is finished and not sent yet goes out before the end.
    office.stop();

    let requests = collector.received_requests().await.unwrap();
    let mut spans: Vec<Span> = Vec::new();
    for request in &requests {
        assert_eq!(request.headers["content-type"], "application/x-protobuf");
        let batch = ExportTraceServiceRequest::decode(request.body.as_slice()).unwrap();
        for resource in batch.resource_spans {
            let attributes = &resource.resource.as_ref().unwrap().attributes;
            assert!(attributes.iter().any(|one| one.key == "service.name"), "{attributes:?}");
            spans.extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
    }
    let continued: Vec<&Span> = spans.iter().filter(|span| hex(&span.trace_id) == TRACE).collect();
    let names: Vec<&str> = continued.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["GET /v1/fields"], "one that is not to be recorded is not");
    assert_eq!(hex(&continued[0].parent_span_id), "b7ad6b7169203331");
    assert!(continued[0].end_time_unix_nano >= continued[0].start_time_unix_nano);
    let named = |name: &str| spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no {name}"));
    let own = named("POST /v1/procedures");
    assert!(own.parent_span_id.is_empty() && own.trace_id.iter().any(|byte| *byte != 0));
    named("background round");
}
