//! `portcullis serve`: the decision point.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use tracing::{error, info, warn};

use super::sign::keys;
use super::{Failure, Outcome, Result};
use crate::files::read_text;
use crate::live::{Admission, Event, FileSource, Follower, HttpOptions, HttpSource, Live, Store};
use crate::server::{
    Address, Config, ContextFrom, Identities, Limits, LogOptions, PrincipalFrom, Trusted, run as serve,
};

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Decides for gateways: POST /v1/decide for programs, /v1/auth for nginx's auth_request, and Envoy's external authorization with --grpc.
/healthz, /readyz and /metrics tell of the process. Whatever goes wrong is a denial with a reason of its own. SIGHUP looks at the source at once and
opens the decision log anew; SIGTERM ends the process when what is being answered is answered.

Examples:
  portcullis serve acme.bundle --listen 127.0.0.1:8181
  portcullis serve acme.bundle --listen unix:/run/portcullis.sock --trust unix --principal header:x-principal
  portcullis serve https://policies.acme.example/acme.bundle --key policies.pub --store /var/lib/portcullis \\
      --max-age 10m --grpc 127.0.0.1:9191 --trust 127.0.0.1 --principal mtls --identities spiffe.json"
)]
pub(super) struct Arguments {
    /// The bundle: a file, or a URL (https://…)
    bundle: String,

    /// Where HTTP is answered: ADDRESS:PORT or unix:PATH (may be repeated)
    #[arg(long, value_name = "ADDRESS", help_heading = "Where")]
    listen: Vec<Address>,
    /// Where Envoy's protocol is answered (may be repeated)
    #[arg(long, value_name = "ADDRESS", help_heading = "Where")]
    grpc: Vec<Address>,
    /// Who may connect to Unix sockets, as a file's mode, such as 660
    #[arg(long, value_name = "MODE", value_parser = mode, help_heading = "Where")]
    socket_mode: Option<u32>,
    /// Where /healthz, /readyz, /metrics and /v1/explain are answered, instead of with the rest
    #[arg(long, value_name = "ADDRESS", help_heading = "Where")]
    admin: Vec<Address>,

    /// How often the source of the bundle is looked at
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration, help_heading = "The bundle")]
    interval: Duration,
    /// Deny everything when the source has not confirmed the bundle for so long
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "The bundle")]
    max_age: Option<Duration>,
    /// Public keys one of which must have signed the bundle, as PEM (may be repeated)
    #[arg(long, value_name = "FILE", help_heading = "The bundle")]
    key: Vec<PathBuf>,
    /// Keep the last five good bundles and what was accepted in this folder
    #[arg(long, value_name = "FOLDER", help_heading = "The bundle")]
    store: Option<PathBuf>,
    /// A file that holds the Authorization header with which the bundle is fetched
    #[arg(long, value_name = "FILE", help_heading = "The bundle")]
    authorization: Option<PathBuf>,
    /// Authorities that may vouch for the server of the bundle, as PEM, instead of those that browsers trust
    #[arg(long, value_name = "FILE", help_heading = "The bundle")]
    authorities: Option<PathBuf>,
    /// The most time for one fetch
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration, help_heading = "The bundle")]
    fetch_time: Duration,

    /// Proxies that may say who asks: an address, a block such as 10.0.0.0/8, or `unix` (may be repeated)
    #[arg(long, value_name = "PROXY", help_heading = "Who asks")]
    trust: Vec<String>,
    /// Where they say it: header:NAME, or mtls for what Envoy verified. Without it everybody is anonymous
    #[arg(long, value_name = "PLACE", help_heading = "Who asks")]
    principal: Option<PrincipalFrom>,
    /// A JSON object of names and the ARNs that they stand for; without it a name is an ARN itself
    #[arg(long, value_name = "FILE", help_heading = "Who asks")]
    identities: Option<PathBuf>,
    /// A context key and what of a request holds it: KEY=header:NAME, KEY=headers:NAME for a list of values, KEY=source-address, KEY=tls
    /// (may be repeated)
    #[arg(long, value_name = "KEY=PLACE", value_parser = context, help_heading = "Who asks")]
    context: Vec<(String, ContextFrom)>,

    /// Log decisions to a file, or to standard output (`-`), as JSON Lines
    #[arg(long, value_name = "FILE", help_heading = "The decision log")]
    log: Option<PathBuf>,
    /// The share of allowed requests that is logged
    #[arg(long, value_name = "0..1", default_value = "1", value_parser = share, help_heading = "The decision log")]
    log_allowed: f64,
    /// The share of denied requests that is logged
    #[arg(long, value_name = "0..1", default_value = "1", value_parser = share, help_heading = "The decision log")]
    log_denied: f64,
    /// A context key whose values are not logged; `*` at its end stands for any rest (may be repeated)
    #[arg(long, value_name = "KEY", help_heading = "The decision log")]
    log_redact: Vec<String>,
    /// How many lines may wait to be written
    #[arg(long, value_name = "LINES", default_value_t = 16_384, value_parser = number, help_heading = "The decision log")]
    log_queue: usize,
    /// Deny rather than lose a line
    #[arg(long, help_heading = "The decision log")]
    log_blocking: bool,

    /// The most bytes of a body
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().body, help_heading = "Limits")]
    max_body: usize,
    /// The most bytes of a request's headers
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().headers, value_parser = header_bytes, help_heading = "Limits")]
    max_headers: usize,
    /// The most requests of a batch
    #[arg(long, value_name = "NUMBER", default_value_t = Limits::default().batch, help_heading = "Limits")]
    max_batch: usize,
    /// The most connections at a time
    #[arg(long, value_name = "NUMBER", default_value_t = Limits::default().connections, value_parser = number, help_heading = "Limits")]
    max_connections: usize,
    /// The most requests at a time
    #[arg(long, value_name = "NUMBER", default_value_t = Limits::default().requests, value_parser = number, help_heading = "Limits")]
    max_requests: usize,
    /// The most time for one request
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration, help_heading = "Limits")]
    request_time: Duration,
    /// Close a connection without a byte for so long
    #[arg(long, value_name = "TIME", default_value = "75s", value_parser = duration, help_heading = "Limits")]
    idle_time: Duration,
    /// Time to end what is being answered
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = duration, help_heading = "Limits")]
    grace: Duration,

    /// Answer /v1/explain: slow, and it tells what policies say
    #[arg(long, help_heading = "Trying it out")]
    explain: bool,
    /// Decide and log, but let everything through; every answer says so
    #[arg(long, help_heading = "Trying it out")]
    dry_run: bool,
    /// The form of what the process says of itself on standard error
    #[arg(long, value_enum, default_value_t = Form::Text, help_heading = "Trying it out")]
    messages: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A line for people
    Text,
    /// JSON Lines
    Json,
}

/// `250ms`, `5s`, `10m`, `2h`, `1d`.
fn duration(text: &str) -> std::result::Result<Duration, String> {
    humantime::parse_duration(text)
        .ok()
        .filter(|time| !time.is_zero())
        .ok_or_else(|| format!("{text:?} is no time: expected 250ms, 5s, 10m, 2h"))
}

fn number(text: &str) -> std::result::Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=1_000_000).contains(number));
    number.ok_or_else(|| format!("{text:?} is no number from 1 to 1,000,000"))
}

fn header_bytes(text: &str) -> std::result::Result<usize, String> {
    let number = text.parse().ok().filter(|number| (8_192..=1 << 20).contains(number));
    number.ok_or_else(|| format!("{text:?} is no number from 8,192 to 1,048,576"))
}

fn mode(text: &str) -> std::result::Result<u32, String> {
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o777);
    mode.ok_or_else(|| format!("{text:?} is no mode of a file: expected three octal digits, such as 660"))
}

fn share(text: &str) -> std::result::Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| format!("{text:?} is no share: expected a number from 0 to 1"))
}

fn context(text: &str) -> std::result::Result<(String, ContextFrom), String> {
    let (key, place) = text
        .split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .ok_or("expected KEY=PLACE, such as aws:SourceIp=source-address")?;
    Ok((key.to_owned(), place.parse().map_err(|error: crate::server::ConfigError| error.to_string())?))
}

pub(super) fn run(arguments: &Arguments) -> Result {
    let config = config(arguments)?;
    messages(arguments.messages);
    let admission = Admission { keys: keys(&arguments.key)?, max_age: arguments.max_age };
    let signed = !admission.keys.is_empty();
    let live = Arc::new(Live::new(admission));
    let follower = if arguments.bundle.contains("://") {
        let url = &arguments.bundle;
        let source = HttpSource::new(url, fetching(arguments, signed)?)
            // Not the whole URL: what stands in it may be a secret.
            .map_err(|error| Failure(format!("{} {error}", public_part(url))))?;
        match (url.starts_with("http://"), signed) {
            (true, false) => {
                warn!(
                    "the bundle is neither signed nor fetched by TLS: whoever is on the way can replace it"
                );
            }
            (true, true) => {
                warn!(
                    "the bundle is not fetched by TLS: whoever is on the way can keep a newer one away, and --max-age would not tell"
                );
            }
            (false, _) => {}
        }
        Follower::new(Arc::clone(&live), source)
    } else {
        if arguments.authorization.is_some() || arguments.authorities.is_some() {
            return Err(Failure(
                "--authorization and --authorities are for bundles that are fetched".to_owned(),
            ));
        }
        Follower::new(Arc::clone(&live), FileSource::new(&arguments.bundle))
    };
    if signed && arguments.store.is_none() {
        warn!("without --store the process forgets at its end which sequence numbers it has accepted");
    }
    let mut follower = follower.every(arguments.interval).report(report);
    if let Some(folder) = &arguments.store {
        follower = follower.with_store(Store::open(folder)?);
    }
    serve(config, live, || follower.start())?;
    Ok(Outcome::Fine)
}

fn config(arguments: &Arguments) -> std::result::Result<Config, Failure> {
    if arguments.listen.is_empty() && arguments.grpc.is_empty() {
        return Err(Failure("nowhere to listen: give --listen 127.0.0.1:8181, or --grpc".to_owned()));
    }
    if arguments.idle_time < arguments.request_time {
        return Err(Failure(
            "--idle-time below --request-time would cut requests without an answer".to_owned(),
        ));
    }
    if let Some(age) = arguments.max_age.filter(|age| *age <= arguments.interval) {
        return Err(Failure(format!(
            "--max-age {} is over before the source is looked at again: give an --interval below it",
            humantime::format_duration(age)
        )));
    }
    if arguments.log_blocking && arguments.log_queue < arguments.max_batch {
        return Err(Failure(
            "--log-blocking: the queue (--log-queue) has to hold a whole batch (--max-batch)".to_owned(),
        ));
    }
    let mut trusted = Trusted::nobody();
    for proxy in &arguments.trust {
        trusted.add(proxy)?;
    }
    let principal = arguments.principal.clone().unwrap_or(PrincipalFrom::Nobody);
    if principal != PrincipalFrom::Nobody && arguments.trust.is_empty() {
        return Err(Failure(
            "--principal without --trust: nobody may say who asks; give the proxy's address, or unix"
                .to_owned(),
        ));
    }
    if !arguments.context.is_empty() && arguments.trust.is_empty() {
        return Err(Failure(
            "--context without --trust: nobody may say it; give the proxy's address, or unix".to_owned(),
        ));
    }
    let identities = match &arguments.identities {
        Some(path) => Identities::read(path)?,
        None => Identities::default(),
    };
    let log = arguments.log.as_ref().map(|path| LogOptions {
        path: path.clone(),
        allowed: arguments.log_allowed,
        denied: arguments.log_denied,
        redact: arguments.log_redact.iter().map(|key| key.to_ascii_lowercase()).collect(),
        queue: arguments.log_queue,
        blocking: arguments.log_blocking,
    });
    Ok(Config {
        http: arguments.listen.clone(),
        grpc: arguments.grpc.clone(),
        admin: arguments.admin.clone(),
        trusted,
        principal,
        identities,
        context: arguments.context.clone(),
        explain: arguments.explain,
        dry_run: arguments.dry_run,
        log,
        limits: Limits {
            body: arguments.max_body,
            headers: arguments.max_headers,
            batch: arguments.max_batch,
            connections: arguments.max_connections,
            requests: arguments.max_requests,
            time: arguments.request_time,
            idle: arguments.idle_time,
            grace: arguments.grace,
        },
        socket_mode: arguments.socket_mode,
    })
}

/// Of a URL what may be shown: no name, no password, no query.
fn public_part(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    match rest.rsplit_once('@') {
        Some((_, behind)) => format!("{scheme}://…@{behind}"),
        None => format!("{scheme}://{rest}"),
    }
}

fn fetching(arguments: &Arguments, signed: bool) -> std::result::Result<HttpOptions, Failure> {
    let text = |path: &Option<PathBuf>| path.as_deref().map(read_text).transpose();
    Ok(HttpOptions {
        timeout: arguments.fetch_time,
        authorization: text(&arguments.authorization)?.map(|text| text.trim().to_owned()),
        authorities: text(&arguments.authorities)?,
        signed,
        ..HttpOptions::default()
    })
}

/// What the process says of itself goes to standard error.
fn messages(form: Form) {
    let builder = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(tracing::Level::INFO)
        .with_target(false);
    // Another subscriber than ours can only be a test's.
    let _ = match form {
        Form::Json => builder.json().flatten_event(true).try_init(),
        Form::Text => {
            let colours = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
            builder.with_ansi(colours).try_init()
        }
    };
}

fn report(event: &Event) {
    match event {
        Event::Admitted { digest, sequence, from } => {
            info!(bundle = digest, sequence, from, "bundle in force");
        }
        Event::Refused { why, from } => {
            error!(reason = why.name(), from, "bundle refused: {why}; what was in force stays");
        }
        Event::SourceFailed { why, again_in } => {
            error!(again_in = ?again_in, "{why}; what is in force stays");
        }
        Event::SourceBack => info!("the source of the bundle can be read again"),
        Event::StoreFailed(why) => error!("the store: {why}; decisions go on"),
        Event::Pinned(digest) => warn!(bundle = digest, "pinned: the source's bundles are not taken"),
        Event::Released => info!("released: the source's bundles are taken"),
    }
}
