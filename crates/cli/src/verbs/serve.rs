//! `serve`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint, value_parser};
use serde_json::json;
use syrinx_engine::{Engine, EngineOptions};
use syrinx_recipes::{engine_options, model_source};
use syrinx_serve::{Defaults, Limits, ServeConfig, Server, parse_keys};

use crate::failure::{Failure, Outcome};
use crate::session::Session;

/// `serve`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syrinx serve\n  syrinx serve --host 0.0.0.0 --port 80 --keys keys.txt\n\nThe page is at http://127.0.0.1:8017/, the API below http://127.0.0.1:8017/v1 as OpenAI's clients expect it, its description at /openapi.json. Ctrl-C finishes running requests. For TLS put a reverse proxy in front."
)]
pub struct ServeArgs {
    /// Address to bind; 0.0.0.0 or :: for all
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    host: IpAddr,
    /// Port to bind; 0 for one that the system chooses
    #[arg(long, value_name = "N", default_value_t = 8017)]
    port: u16,
    /// File of bearer keys, one a line; without it the server is open to whoever reaches it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    keys: Option<PathBuf>,
    /// Origin of web pages that may call the server (CORS), or * for all; may be repeated
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<String>,
    /// Host name under which a server on a loopback address may be called, as by a proxy; may be repeated
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,
    #[command(flatten)]
    limits: LimitArgs,
}

/// Upper bounds on requests.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
struct LimitArgs {
    /// Requests computed at the same time
    #[arg(long, value_name = "N", default_value_t = Limits::default().workers as u16, value_parser = value_parser!(u16).range(1..=1024))]
    workers: u16,
    /// Requests that may wait; further ones get 429
    #[arg(long, value_name = "N", default_value_t = Limits::default().queue as u16)]
    queue: u16,
    /// Waiting requests computed together, if they are short texts for one task with the same settings; 1 for none
    #[arg(long, value_name = "N", default_value_t = Limits::default().batch)]
    batch: usize,
    /// Largest request body, MiB
    #[arg(long, value_name = "MIB", default_value_t = (Limits::default().max_body_bytes >> 20) as u16)]
    max_body: u16,
    /// Longest recording, seconds
    #[arg(long, value_name = "S", default_value_t = Limits::default().max_audio_s, value_parser = seconds)]
    max_audio: f64,
    /// Longest text, characters
    #[arg(long, value_name = "N", default_value_t = Limits::default().max_text_chars)]
    max_text: usize,
    /// Longest time for a request, seconds
    #[arg(long, value_name = "S", default_value_t = Limits::default().timeout.as_secs() as u32, value_parser = value_parser!(u32).range(1..))]
    timeout: u32,
    /// Longest time for running requests after Ctrl-C, seconds
    #[arg(long, value_name = "S", default_value_t = Limits::default().grace.as_secs() as u32)]
    grace: u32,
    /// Voices that may be registered over HTTP
    #[arg(long, value_name = "N", default_value_t = Limits::default().max_voices)]
    max_voices: usize,
}

impl LimitArgs {
    fn limits(&self) -> Limits {
        Limits {
            max_body_bytes: usize::from(self.max_body) << 20,
            max_audio_s: self.max_audio,
            max_text_chars: self.max_text,
            workers: self.workers.into(),
            queue: self.queue.into(),
            batch: self.batch,
            timeout: Duration::from_secs(self.timeout.into()),
            grace: Duration::from_secs(self.grace.into()),
            max_voices: self.max_voices,
        }
    }
}

/// Parses a duration above 0, seconds.
fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse::<f64>().ok().filter(|s| *s > 0.0 && s.is_finite());
    seconds.ok_or_else(|| "must be a number above 0".into())
}

/// Serves until Ctrl-C.
pub fn run(session: &Session, args: &ServeArgs) -> Outcome {
    let settings = session.settings(&[])?.value;
    let options = EngineOptions { read_files: false, ..engine_options(&settings)? };
    let config = ServeConfig {
        limits: args.limits.limits(),
        keys: keys(args)?,
        origins: args.allow_origin.clone(),
        hosts: args.allow_host.clone(),
        loopback: args.host.is_loopback(),
    };
    let open = config.keys.is_empty() && !config.loopback;
    let engine = Engine::open(&model_source(&settings)?, &options)?;
    let defaults = Defaults { decode: settings.decode.clone(), seed: settings.seed };
    let server = Server::new(engine, defaults, config);
    if open {
        session.say("warning: anyone who reaches this address can use the server; see --keys");
    }
    let mut told: Outcome = Ok(());
    let address = SocketAddr::new(args.host, args.port);
    let outcome = server.and_then(|server| {
        server.run(address, &session.cancel, |bound| {
            session.say(&format!("serving on http://{bound}/ (Ctrl-C to stop)"));
            if session.globals.json {
                told = session.print_json(&json!({ "address": bound.to_string() }));
            }
        })
    });
    told?;
    Ok(outcome?)
}

/// Returns the keys in the file of `--keys`; empty without that flag.
fn keys(args: &ServeArgs) -> Outcome<Vec<String>> {
    let Some(path) = &args.keys else { return Ok(Vec::new()) };
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|e| Failure::reading(&name, &e))?;
    parse_keys(&text).map_err(|fault| Failure::usage(format!("{name} holds {fault}"), fault.hint()))
}
