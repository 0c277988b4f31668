//! An actix handler that does nothing: the limit of HTTP on this machine, beside which `benches/speed.sh` sets the service.

use actix_web::{App, HttpResponse, HttpServer, web};

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:18081".to_owned());
    let nothing = || App::new().route("/", web::get().to(HttpResponse::Ok));
    HttpServer::new(nothing).bind(address)?.run().await
}
