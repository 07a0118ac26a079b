//! A bundle that is replaced while it decides.
//!
//! [`Live`] holds the bundle in force. Readers take it without a lock and keep it as long as they like; a candidate that is offered is
//! checked (signature, sequence number, every sentence of the format) before it replaces anything, so a bad one leaves the last good one in
//! force. [`Follower`] offers what a [`Source`] gives, on a thread of its own, and keeps the last good bundles in a [`Store`].
//!
//! Nothing here allows anything: without a bundle, or with one that nobody has confirmed for longer than is allowed, [`Live::in_force`]
//! gives an error, which means: deny.
//!
//! ```no_run
//! # use std::{sync::Arc, time::Duration};
//! use portcullis::live::{Admission, FileSource, Follower, Live};
//! # fn gateway() -> Result<(), Box<dyn std::error::Error>> {
//! let live = Arc::new(Live::new(Admission { max_age: Some(Duration::from_secs(600)), ..Admission::default() }));
//! let follower = Follower::new(Arc::clone(&live), FileSource::new("acme.bundle")).start()?;
//! match live.in_force() {
//!     Ok(loaded) => { /* loaded.bundle().decide(…) */ }
//!     Err(unready) => { /* deny, and say why: unready.name() */ }
//! }
//! # Ok(()) }
//! ```

mod clock;
mod fetch;
mod follow;
mod reasons;
mod source;
mod store;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use portcullis_runtime::Bundle;

pub use clock::{Clock, SystemClock};
pub use fetch::{HttpOptions, HttpSource, UrlError};
pub use follow::{Event, Follower, Following};
pub use reasons::{Refused, Unready};
#[cfg(feature = "serve")]
pub(crate) use source::signature_of;
pub use source::{Fetched, FileSource, Source, SourceError};
pub use store::{Kept, Store, StoreError};

use crate::trust::{PublicKey, SignatureError, verify};

/// What a candidate has to fulfil, and how long a bundle counts.
#[derive(Clone, Debug, Default)]
pub struct Admission {
    /// The keys one of which must have signed; none: bundles need no signature.
    pub keys: Vec<PublicKey>,
    /// For how long a bundle decides that its source has not confirmed to be the current one.
    pub max_age: Option<Duration>,
}

/// Bytes that may become the bundle in force.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The bundle.
    pub bundle: Vec<u8>,
    /// Its signature file, where there is one.
    pub signature: Option<Vec<u8>>,
}

/// A bundle that was admitted.
#[derive(Debug)]
pub struct Loaded {
    bundle: Bundle,
    digest: String,
    key: Option<String>,
    sequence: Option<u64>,
    since: Option<u64>,
}

impl Loaded {
    /// The bundle.
    #[must_use]
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// The digest of its contents, 64 hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The key that signed it, where signatures are asked for.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// The sequence number that its signature declares.
    #[must_use]
    pub fn sequence(&self) -> Option<u64> {
        self.sequence
    }

    /// When it was admitted, in seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn since(&self) -> Option<u64> {
        self.since
    }
}

/// What is known of the bundle in force.
#[derive(Clone, Debug)]
pub struct Health {
    /// Whether requests are decided, and why not.
    pub ready: Result<(), Unready>,
    /// The bundle that was admitted last.
    pub loaded: Option<Arc<Loaded>>,
    /// How long ago its source said last that it is the current one.
    pub age: Option<Duration>,
    /// Whether somebody has pinned it, so that the source's newer ones are not taken.
    pub pinned: bool,
    /// How often a bundle was admitted.
    pub admitted: u64,
    /// How often a candidate was refused, or the source not readable: by name.
    pub failures: Vec<(&'static str, u64)>,
    /// Why the last attempt failed, if it did.
    pub problem: Option<String>,
}

/// When the source said last that a bundle is the current one.
#[derive(Clone, Copy, Debug)]
struct Confirmed {
    /// Milliseconds of the steady clock.
    steady: u64,
    /// Seconds of the wall's clock, where it told any.
    wall: Option<u64>,
    /// Milliseconds that had gone by since at that moment of the steady clock: what was before this process began. `None`: nobody knows.
    before: Option<u64>,
}

/// How a candidate comes.
enum How<'h> {
    /// From the source, which says that it is the current one.
    Offered,
    /// From a person, who says so.
    Forced,
    /// From the process before this one; with what that knew of when it was confirmed.
    Resumed(&'h dyn Fn(&Loaded) -> Option<u64>),
}

/// A bundle with its confirmation: they are replaced together, so that nobody sees one with the age of another.
struct Held {
    loaded: Arc<Loaded>,
    confirmed: Confirmed,
}

/// The bundle in force. Share it behind an `Arc`.
pub struct Live {
    in_force: ArcSwapOption<Held>,
    admission: Admission,
    clock: Box<dyn Clock>,
    /// The place in [`Unready::ALL`] of why there is none, while there is none.
    unready: AtomicUsize,
    pinned: AtomicBool,
    admitted: AtomicU64,
    failed: [AtomicU64; FAILURES.len()],
    problem: ArcSwapOption<String>,
    /// What was accepted before, held while a candidate is checked: one at a time.
    accepted: Mutex<Option<Accepted>>,
}

/// The highest sequence number that was accepted, and for which bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    pub(crate) sequence: u64,
    pub(crate) digest: String,
}

/// What can go wrong with a bundle on its way, as metrics name it.
const FAILURES: [&str; 5] = ["signature", "sequence", "unreadable", "source", "store"];

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("admission", &self.admission).finish_non_exhaustive()
    }
}

impl Live {
    /// Nothing in force yet.
    #[must_use]
    pub fn new(admission: Admission) -> Self {
        Self::with_clock(admission, SystemClock::new())
    }

    /// The same by another clock.
    #[must_use]
    pub fn with_clock(admission: Admission, clock: impl Clock + 'static) -> Self {
        Self {
            in_force: ArcSwapOption::empty(),
            admission,
            clock: Box::new(clock),
            unready: AtomicUsize::new(0),
            pinned: AtomicBool::new(false),
            admitted: AtomicU64::new(0),
            failed: Default::default(),
            problem: ArcSwapOption::empty(),
            accepted: Mutex::default(),
        }
    }

    /// The bundle to decide with, to be kept as long as it is needed. Takes no lock.
    ///
    /// # Errors
    /// [`Unready`]: deny.
    pub fn in_force(&self) -> Result<Arc<Loaded>, Unready> {
        self.current(self.in_force.load().as_deref()).map(|held| Arc::clone(&held.loaded))
    }

    /// Decides something with the bundle in force: as [`Live::in_force`], without the cost of counting who holds it. What belongs together
    /// belongs into one call, since the next one may see the next bundle.
    ///
    /// # Errors
    /// [`Unready`]: deny.
    pub fn with<R>(&self, decide: impl FnOnce(&Loaded) -> R) -> Result<R, Unready> {
        let guard = self.in_force.load();
        self.current(guard.as_deref()).map(|held| decide(&held.loaded))
    }

    fn current<'h>(&self, held: Option<&'h Held>) -> Result<&'h Held, Unready> {
        match held {
            Some(held) if self.is_too_old(held) => Err(Unready::TooOld),
            Some(held) => Ok(held),
            None => {
                let place = self.unready.load(Ordering::Relaxed);
                Err(Unready::ALL.get(place).copied().unwrap_or(Unready::NoBundle))
            }
        }
    }

    /// Offers bytes. They are in force when this returns `Ok`, and nothing has changed when it returns an error.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn offer(&self, candidate: Candidate) -> Result<Arc<Loaded>, Refused> {
        self.admit(candidate, How::Offered)
    }

    /// Offers bytes that a process before this one held, of which the source said at this moment last that they are the current ones, in seconds since
    /// 1970-01-01T00:00:00Z; `None`: nobody knows.
    pub(crate) fn resume(
        &self,
        candidate: Candidate,
        confirmed: &dyn Fn(&Loaded) -> Option<u64>,
    ) -> Result<Arc<Loaded>, Refused> {
        self.admit(candidate, How::Resumed(confirmed))
    }

    /// Puts bytes in force whose sequence number may be older than what was accepted: a person's decision. Signatures count as ever.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn force(&self, candidate: Candidate) -> Result<Arc<Loaded>, Refused> {
        self.admit(candidate, How::Forced)
    }

    fn admit(&self, candidate: Candidate, how: How<'_>) -> Result<Arc<Loaded>, Refused> {
        let mut accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        match self.check(accepted.as_ref().filter(|_| !matches!(how, How::Forced)), candidate) {
            Ok(loaded) => {
                if self.in_force.load().as_ref().is_some_and(|held| Arc::ptr_eq(&held.loaded, &loaded)) {
                    // What was held before says nothing of what is in force already.
                    if !matches!(how, How::Resumed(_)) {
                        self.confirm();
                    }
                    return Ok(loaded);
                }
                if let Some(sequence) = loaded.sequence
                    && accepted.as_ref().is_none_or(|before| before.sequence < sequence)
                {
                    *accepted = Some(Accepted { sequence, digest: loaded.digest.clone() });
                }
                let confirmed = match how {
                    How::Offered | How::Forced => self.now(),
                    How::Resumed(confirmed) => self.then(confirmed(&loaded)),
                };
                self.in_force.store(Some(Arc::new(Held { loaded: Arc::clone(&loaded), confirmed })));
                self.problem.store(None);
                self.admitted.fetch_add(1, Ordering::Relaxed);
                Ok(loaded)
            }
            Err(refused) => {
                let unready = match refused {
                    Refused::Signature(_) => Unready::Signature,
                    Refused::Sequence { .. } => Unready::Sequence,
                    Refused::Unreadable(_) => Unready::Unreadable,
                };
                self.fail(refused.name(), Some(unready), refused.to_string());
                Err(refused)
            }
        }
    }

    /// Signature, then sequence number, then the bundle: nothing is parsed of what nobody vouches for.
    fn check(&self, before: Option<&Accepted>, candidate: Candidate) -> Result<Arc<Loaded>, Refused> {
        let (mut key, mut sequence) = (None, None);
        if !self.admission.keys.is_empty() {
            let signature = candidate.signature.as_deref();
            let signature = signature.ok_or(Refused::Signature(SignatureError::Missing))?;
            let verified =
                verify(&self.admission.keys, &candidate.bundle, signature).map_err(Refused::Signature)?;
            (key, sequence) = (Some(verified.key), verified.sequence);
        }
        let refused = |before: &Accepted| Refused::Sequence { declared: sequence, accepted: before.sequence };
        if let Some(before) =
            before.filter(|before| sequence.is_none_or(|declared| declared < before.sequence))
        {
            return Err(refused(before));
        }
        if let Some(held) = self.in_force.load().as_ref().map(|held| &held.loaded)
            && (&held.key, held.sequence) == (&key, sequence)
            && held.bundle.as_bytes() == candidate.bundle
        {
            return Ok(Arc::clone(held));
        }
        let bundle = Bundle::from_bytes(candidate.bundle).map_err(Refused::Unreadable)?;
        let digest = hex(bundle.digest());
        if let Some(before) =
            before.filter(|before| Some(before.sequence) == sequence && before.digest != digest)
        {
            return Err(refused(before));
        }
        Ok(Arc::new(Loaded { bundle, digest, key, sequence, since: self.clock.wall() }))
    }

    /// The source says that what is in force is the current one.
    pub fn confirm(&self) {
        let confirmed = self.now();
        self.in_force.rcu(|held| {
            held.as_ref().map(|held| Arc::new(Held { loaded: Arc::clone(&held.loaded), confirmed }))
        });
        self.problem.store(None);
    }

    /// A confirmation at this moment.
    fn now(&self) -> Confirmed {
        Confirmed { steady: millis(self.clock.steady()), wall: self.clock.wall(), before: Some(0) }
    }

    /// A confirmation at this second of the wall's clock, before this process began. The steady clock begins with it: what was before only the wall's
    /// tells. A moment that is to come tells nothing, and neither does a clock that begins anew with each start.
    fn then(&self, at: Option<u64>) -> Confirmed {
        let now = self.now();
        let at = at.filter(|&at| now.wall.is_some_and(|now| at <= now));
        let gone = at.zip(now.wall).map(|(at, now)| (now - at).saturating_mul(1_000));
        Confirmed { wall: at, before: gone, ..now }
    }

    /// When the source confirmed last, in seconds since 1970-01-01T00:00:00Z, and the digest of what it confirmed.
    pub(crate) fn confirmed_at(&self) -> Option<(u64, String)> {
        let held = self.in_force.load();
        let held = held.as_ref()?;
        Some((held.confirmed.wall?, held.loaded.digest.clone()))
    }

    /// How long ago the source confirmed the bundle: by whichever clock says longer. The steady one stands still while the machine sleeps,
    /// the wall's may jump: ahead, and the bundle counts as old until it is confirmed again; back, and the steady one still tells. `None`: nobody
    /// knows, or there is no bundle.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        self.in_force.load().as_deref().and_then(|held| self.age_of(held))
    }

    fn age_of(&self, held: &Held) -> Option<Duration> {
        let confirmed = held.confirmed;
        let here = millis(self.clock.steady()).saturating_sub(confirmed.steady);
        let by_steady = here.saturating_add(confirmed.before?);
        let by_wall = confirmed.wall.zip(self.clock.wall()).map_or(0, |(at, now)| now.saturating_sub(at));
        Some(Duration::from_millis(by_steady.max(by_wall.saturating_mul(1_000))))
    }

    fn is_too_old(&self, held: &Held) -> bool {
        self.admission.max_age.is_some_and(|most| self.age_of(held).is_none_or(|age| age > most))
    }

    /// What has to be known of the bundle to operate it.
    #[must_use]
    pub fn health(&self) -> Health {
        let held = self.in_force.load_full();
        let counts = self.failed.iter().map(|count| count.load(Ordering::Relaxed));
        Health {
            ready: self.current(held.as_deref()).map(|_| ()),
            age: held.as_deref().and_then(|held| self.age_of(held)),
            loaded: held.map(|held| Arc::clone(&held.loaded)),
            pinned: self.pinned.load(Ordering::Relaxed),
            admitted: self.admitted.load(Ordering::Relaxed),
            failures: FAILURES.into_iter().zip(counts).collect(),
            problem: self.problem.load().as_deref().cloned(),
        }
    }

    /// What has to be fulfilled.
    #[must_use]
    pub fn admission(&self) -> &Admission {
        &self.admission
    }

    /// The digest of the bundle that was admitted last.
    pub(crate) fn loaded_digest(&self) -> Option<String> {
        self.in_force.load().as_deref().map(|held| held.loaded.digest.clone())
    }

    pub(crate) fn set_pinned(&self, pinned: bool) {
        self.pinned.store(pinned, Ordering::Relaxed);
    }

    pub(crate) fn accepted(&self) -> Option<Accepted> {
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What a process before this one accepted.
    pub(crate) fn set_accepted(&self, before: Option<Accepted>) {
        *self.accepted.lock().unwrap_or_else(PoisonError::into_inner) = before;
    }

    /// Counts a failure, and what it means while there is no bundle.
    pub(crate) fn fail(&self, name: &str, unready: Option<Unready>, problem: String) {
        if let Some((_, count)) = FAILURES.iter().zip(&self.failed).find(|(known, _)| **known == name) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(place) = unready.and_then(|why| Unready::ALL.iter().position(|known| *known == why)) {
            self.unready.store(place, Ordering::Relaxed);
        }
        self.problem.store(Some(Arc::new(problem)));
    }
}

fn millis(time: Duration) -> u64 {
    // Half a billion years fit.
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
