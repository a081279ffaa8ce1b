# The image: the server with its pages and its catalogue, and nothing else; no shell, no package manager.
#
#   docker build -t silkroutes .
#   docker run --rm -p 8080:8080 -v silkroutes:/data --read-only --cap-drop ALL --security-opt no-new-privileges silkroutes
#
# The database is /data/silkroutes.db; nothing else is written. SIGTERM stops it gracefully: give it 30 s and more.
#
# Images by their digests: `docker buildx imagetools inspect node:22-slim` prints one; give it, with its @, as
# `--build-arg NODE_DIGEST=@sha256:…`, and the other two likewise. Without, the newest image of that name is taken.

ARG NODE_DIGEST=""
ARG RUST_DIGEST=""
ARG DISTROLESS_DIGEST=""

# The pages: GraphiQL from npm, packed for a release.
FROM node:22-slim${NODE_DIGEST} AS pages
WORKDIR /web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --ignore-scripts --no-fund --no-audit
COPY web/ ./
RUN npm run build:release

# The binary. The same release of Debian as below, so that it finds the libc that it was linked against.
FROM rust:1.95-slim-bookworm${RUST_DIGEST} AS build
WORKDIR /silkroutes
COPY . .
COPY --from=pages /web/dist web/dist
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/silkroutes/target \
    SILKROUTES_UI=require cargo build --release --locked --bin silkroutes \
    && install -D -m 0755 target/release/silkroutes /image/usr/local/bin/silkroutes \
    && install -D -m 0644 -t /image/usr/share/licenses/silkroutes LICENSE LICENSE-APACHE LICENSE-MIT \
    && install -d -m 0750 /image/data

FROM gcr.io/distroless/cc-debian12:nonroot${DISTROLESS_DIGEST}
COPY --from=build --chown=0:0 /image/usr /usr
# A new volume takes its owner from here.
COPY --from=build --chown=65532:65532 /image/data /data
USER 65532:65532
WORKDIR /data
VOLUME /data
ENV SILKROUTES_LISTEN=0.0.0.0:8080 \
    DATABASE_URL=sqlite:///data/silkroutes.db \
    SILKROUTES_LOG_FORMAT=json
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/usr/local/bin/silkroutes", "health"]
ENTRYPOINT ["/usr/local/bin/silkroutes"]
CMD ["serve"]
