FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# SQLite, libpq and OpenSSL are compiled from source and linked in: the final image needs no database client.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin motcua \
    && install -D target/release/motcua /out/motcua

FROM debian:bookworm-slim
# curl serves the health check, the certificates serve outgoing TLS.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --home-dir /var/lib/motcua --shell /usr/sbin/nologin motcua \
    && install -d -o motcua -g motcua -m 0750 /var/lib/motcua
COPY --from=build /out/motcua /usr/local/bin/motcua
COPY LICENSE /usr/share/doc/motcua/LICENSE

USER 10001
# The default database, sqlite://motcua.db, and the token key that is made at the first start lie here.
WORKDIR /var/lib/motcua
VOLUME /var/lib/motcua
ENV MOTCUA_LISTEN=0.0.0.0:8080 MIMALLOC_ALLOW_THP=0
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:8080/healthz"]
CMD ["motcua", "serve"]
