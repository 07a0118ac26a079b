//! The decision log: JSON Lines, written by a thread of its own from a bounded queue.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{PermitIterator, Receiver, Sender, channel};

use super::StartError;
use super::config::LogOptions;
use super::metrics::{Count, Metrics};
use super::point::{Answer, Question};
use crate::files::append_to;
use crate::runtime::{Context as _, Values};

/// A log that takes lines.
pub(super) struct Log {
    options: LogOptions,
    lines: Sender<Line>,
    reopen: Arc<AtomicBool>,
    /// Whether the last attempt to write failed.
    failing: Arc<AtomicBool>,
    dropped: Count,
    /// For sampling.
    turn: AtomicU64,
}

/// What the writer is sent.
pub(super) enum Line {
    Text(Vec<u8>),
    /// Nothing comes after this.
    End,
}

/// The thread that writes.
pub(super) struct Writer {
    thread: JoinHandle<()>,
    lines: Sender<Line>,
    ending: Arc<AtomicBool>,
}

impl Writer {
    /// Waits until everything is written that was logged before; what cannot be written now is lost and counted.
    pub(super) fn finish(self) {
        self.ending.store(true, Ordering::Relaxed);
        let _ = self.lines.blocking_send(Line::End);
        let _ = self.thread.join();
    }
}

impl Log {
    /// Opens the log.
    pub(super) fn open(options: LogOptions, metrics: &Metrics) -> Result<(Self, Writer), StartError> {
        let (lines, received) = channel(options.queue.max(1));
        let reopen = Arc::new(AtomicBool::new(false));
        let ending = Arc::new(AtomicBool::new(false));
        let failing = Arc::new(AtomicBool::new(false));
        let (out, torn) = open(&options.path).map_err(StartError)?;
        let writer = Work {
            path: options.path.clone(),
            out: Some(out),
            blocking: options.blocking,
            torn: torn.unwrap_or(false),
            ending: Arc::clone(&ending),
            reopen: Arc::clone(&reopen),
            failing: Arc::clone(&failing),
            written: metrics.log_lines.clone(),
            dropped: metrics.log_dropped.clone(),
            failures: metrics.log_failures.clone(),
        };
        let thread = std::thread::Builder::new().name("portcullis-log".to_owned());
        let thread = thread
            .spawn(move || writer.run(received))
            .map_err(|error| StartError(format!("cannot start a thread: {error}")))?;
        let dropped = metrics.log_dropped.clone();
        let writer = Writer { thread, lines: lines.clone(), ending };
        Ok((Self { options, lines, reopen, failing, dropped, turn: AtomicU64::new(0) }, writer))
    }

    /// Opens the file anew before the next line: somebody has moved it away.
    pub(super) fn reopen(&self) {
        self.reopen.store(true, Ordering::Relaxed);
    }

    /// Whether a request waits for its line to have a place.
    pub(super) fn is_blocking(&self) -> bool {
        self.options.blocking
    }

    /// Whether lines cannot be written at the moment: the last attempt failed, or nothing moves and no more find a place.
    pub(super) fn is_stuck(&self) -> bool {
        self.failing.load(Ordering::Relaxed) || self.lines.capacity() == 0
    }

    /// The line of a decision, where it is to be logged.
    pub(super) fn line(&self, question: &Question<'_>, answer: &Answer) -> Option<Vec<u8>> {
        let share = if answer.is_allowed() { self.options.allowed } else { self.options.denied };
        self.is_chosen(share).then(|| {
            let mut line = record(question, answer, &self.options.redact).to_string().into_bytes();
            line.push(b'\n');
            line
        })
    }

    /// Every so many: of a share of 0.25 one in four.
    fn is_chosen(&self, share: f64) -> bool {
        if share >= 1.0 {
            return true;
        }
        // Steps of the golden ratio fall evenly into the unit interval, whatever the pattern of what is asked.
        let turn = self.turn.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((turn >> 11) as f64) / ((1_u64 << 53) as f64) < share
    }

    /// Gives a line to the writer, or counts it as lost.
    pub(super) fn put(&self, line: Vec<u8>) {
        if let Err(TrySendError::Full(_) | TrySendError::Closed(_)) = self.lines.try_send(Line::Text(line)) {
            self.dropped.inc();
        }
    }

    /// Waits until the writer has places for so many lines. `None`: it never will.
    pub(super) async fn reserve(&self, lines: usize) -> Option<PermitIterator<'_, Line>> {
        self.lines.reserve_many(lines).await.ok()
    }
}

/// One line. Field names are stable; fields are only ever added.
fn record(question: &Question<'_>, answer: &Answer, redact: &[String]) -> Value {
    let mut record = Map::new();
    let now = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
    record.insert("time".to_owned(), now.into());
    record.insert("protocol".to_owned(), question.protocol.name().into());
    for (name, value) in [
        ("id", question.id),
        ("method", question.method),
        // A query may hold what is nobody's business.
        ("path", question.target.map(|target| target.split('?').next().unwrap_or_default())),
        ("route", question.route),
        ("principal", question.principal),
        ("action", question.action),
        ("resource", question.resource),
        ("resource_account", question.resource_account),
    ] {
        if let Some(value) = value {
            record.insert(name.to_owned(), value.into());
        }
    }
    let mut context = Map::new();
    for key in question.keys {
        let lower = key.to_ascii_lowercase();
        let hidden = redact.iter().any(|known| match known.strip_suffix('*') {
            Some(start) => lower.starts_with(start),
            None => *known == lower,
        });
        let value = match question.context.and_then(|context| context.get(&lower)) {
            _ if hidden => json!("[redacted]"),
            Some(Values::One(value)) => json!(value),
            Some(Values::Parsed(value)) => json!(value.as_str()),
            Some(Values::Many(values)) => json!(values),
            _ => continue,
        };
        context.insert(lower, value);
    }
    if !context.is_empty() {
        record.insert("context".to_owned(), Value::Object(context));
    }
    record.insert("decision".to_owned(), answer.effect.name().into());
    record.insert("layer".to_owned(), answer.layer.into());
    if let Some(level) = answer.level {
        record.insert("level".to_owned(), level.into());
    }
    record.insert("reason".to_owned(), answer.reason.into());
    if let Some(bundle) = &answer.bundle {
        record.insert("bundle".to_owned(), (**bundle).into());
    }
    if answer.dry_run {
        record.insert("dry_run".to_owned(), true.into());
    }
    Value::Object(record)
}

/// What is written to, without a buffer between, and whether it ends within a line; `None` where nobody can tell, as of a pipe.
fn open(path: &Path) -> Result<(File, Option<bool>), String> {
    if is_stdout(path) {
        let out = std::io::stdout().as_fd().try_clone_to_owned();
        return Ok((out.map_err(|error| format!("cannot write to standard output: {error}"))?.into(), None));
    }
    let (file, torn) = append_to(path).map_err(|error| error.to_string())?;
    let is_file = file.metadata().is_ok_and(|found| found.is_file());
    Ok((file, is_file.then_some(torn)))
}

fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}

struct Work {
    path: PathBuf,
    out: Option<File>,
    blocking: bool,
    /// Whether what is written to ends within a line that is not all there.
    torn: bool,
    ending: Arc<AtomicBool>,
    reopen: Arc<AtomicBool>,
    failing: Arc<AtomicBool>,
    written: Count,
    dropped: Count,
    failures: Count,
}

impl Work {
    /// Writes until the end is told, many lines at once where many wait.
    fn run(mut self, mut received: Receiver<Line>) {
        let mut lines = Vec::new();
        let mut ended = false;
        while !ended && received.blocking_recv_many(&mut lines, 1_024) > 0 {
            let mut text = Vec::new();
            for line in lines.drain(..) {
                match line {
                    Line::Text(line) => text.extend_from_slice(&line),
                    Line::End => ended = true,
                }
            }
            self.write(&text);
        }
    }

    /// Writes whole lines, or as many as can be.
    fn write(&mut self, text: &[u8]) {
        // Everything before this is written.
        let mut at = 0;
        while at < text.len() {
            match self.some(text, &mut at) {
                Ok(()) => self.failing.store(false, Ordering::Relaxed),
                Err(_) => {
                    self.failing.store(true, Ordering::Relaxed);
                    self.failures.inc();
                    // What stands at the path by now is another file, maybe, and a better one. Of standard output there is no other.
                    if !is_stdout(&self.path) {
                        self.out = None;
                    }
                    // Whoever prefers waiting to losing waits until there is room again, or until the process ends.
                    if !self.blocking || self.ending.load(Ordering::Relaxed) {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(100));
                }
            }
        }
        let lines = |text: &[u8]| text.iter().filter(|byte| **byte == b'\n').count() as u64;
        let (written, lost) = text.split_at(at.min(text.len()));
        self.torn |= is_within_line(written);
        self.written.inc_by(lines(written));
        self.dropped.inc_by(lines(lost));
    }

    /// Writes some of what is not written yet.
    fn some(&mut self, text: &[u8], at: &mut usize) -> Result<(), String> {
        let moved = self.reopen.swap(false, Ordering::Relaxed);
        if moved && !is_stdout(&self.path) {
            self.out = None;
        }
        if self.out.is_none() {
            let (out, torn) = open(&self.path)?;
            self.out = Some(out);
            let written = text.get(..*at).unwrap_or_default();
            // The rest of a line belongs behind its beginning, if that stands there; a new file begins with a whole line.
            let goes_on = torn == Some(true) && !moved && is_within_line(written);
            if !goes_on {
                *at = written.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            }
            // Where nobody can tell, what was written last does.
            self.torn = torn.unwrap_or(self.torn || is_within_line(written)) && !goes_on;
        }
        let Some(out) = &mut self.out else { return Ok(()) };
        if self.torn {
            all(out, b"\n", &mut 0)?;
            self.torn = false;
        }
        all(out, text, at)
    }
}

/// Whether a text ends within a line.
fn is_within_line(text: &[u8]) -> bool {
    text.last().is_some_and(|byte| *byte != b'\n')
}

/// Writes a text from a place on, and tells how far it came.
fn all(out: &mut File, text: &[u8], at: &mut usize) -> Result<(), String> {
    while let Some(rest) = text.get(*at..).filter(|rest| !rest.is_empty()) {
        match out.write(rest) {
            Ok(0) => return Err("nothing is written".to_owned()),
            Ok(written) => *at += written,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(())
}
