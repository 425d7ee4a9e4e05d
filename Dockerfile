# syntax=docker/dockerfile:1
# Image of the server. Build: docker build -t syrinx .   Run: docker run --rm -p 8017:8017 syrinx
FROM rust:1.90-slim-trixie AS build
# MP3 and Opus come from C libraries that are built here and linked statically.
RUN apt-get update && apt-get install -qy --no-install-recommends cmake make && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# `quick` compiles in minutes and speaks slowly.
ARG PROFILE=release
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --profile $PROFILE --config xtask/install/quick.toml --locked -p syrinx-cli --bin syrinx --features syrinx-cli/mp3,syrinx-cli/opus \
    && cp target/$PROFILE/syrinx /syrinx

FROM debian:trixie-slim
RUN useradd --uid 10001 --create-home --home-dir /var/lib/syrinx --shell /usr/sbin/nologin syrinx
COPY --from=build /syrinx /usr/local/bin/syrinx
USER syrinx
WORKDIR /var/lib/syrinx
# Voices registered over HTTP; mount a volume here to keep them.
VOLUME /var/lib/syrinx
ENV XDG_DATA_HOME=/var/lib/syrinx
EXPOSE 8017
ENTRYPOINT ["syrinx", "serve", "--host", "0.0.0.0", "--port", "8017"]
