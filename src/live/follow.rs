//! Follows a source: on a thread of its own, at an interval, with growing pauses while it fails.

use std::fmt;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::store::State;
use super::{Candidate, Fetched, Live, Loaded, Refused, Source, Store, StoreError, Unready};
use crate::trust::SignatureError;

/// What happens to the bundle, for logs.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A new bundle is in force.
    Admitted {
        /// Its digest.
        digest: String,
        /// Its sequence number.
        sequence: Option<u64>,
        /// Whence: the source's name, or the store's folder.
        from: String,
    },
    /// A candidate was refused; what was in force stays.
    Refused {
        /// Why.
        why: Refused,
        /// Whence.
        from: String,
    },
    /// The source cannot be read; what was in force stays until it is too old.
    SourceFailed {
        /// Why.
        why: String,
        /// When it is tried again.
        again_in: Duration,
    },
    /// The source can be read again.
    SourceBack,
    /// The store cannot be read or written; decisions go on.
    StoreFailed(StoreError),
    /// A person has pinned this bundle: the source's are not taken.
    Pinned(String),
    /// A person has released it: the source's are taken again.
    Released,
}

/// The longest that a start waits for a source.
const FIRST_LOOK: Duration = Duration::from_secs(2);

type Report = Box<dyn FnMut(&Event) + Send>;

/// Offers what a source gives to a [`Live`] bundle.
pub struct Follower {
    live: Arc<Live>,
    source: Box<dyn Source>,
    store: Option<Store>,
    interval: Duration,
    longest_pause: Duration,
    report: Report,
    failures: u32,
    pinned: Option<String>,
    remembered: State,
    /// What the store does not hold yet, and its signature.
    unkept: Option<(Arc<Loaded>, Option<Vec<u8>>)>,
}

impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower").field("source", &self.source.name()).finish_non_exhaustive()
    }
}

/// A follower at work. Dropping it stops it.
#[derive(Debug)]
pub struct Following {
    wake: Option<SyncSender<()>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Following {
    /// Lets the follower look at once.
    pub fn wake(&self) {
        // Full means that it is about to look anyway.
        if let Some(wake) = &self.wake {
            let (Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(()))) = wake.try_send(());
        }
    }

    /// Whether it is at work. A source of one's own that panics ends it, and the bundle then grows too old.
    #[must_use]
    pub fn is_at_work(&self) -> bool {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        // Without a sender the thread ends after what it does now; a slow source is not waited for.
        self.wake = None;
    }
}

impl Follower {
    /// Follows a source every five seconds, without a store.
    #[must_use]
    pub fn new(live: Arc<Live>, source: impl Source + 'static) -> Self {
        Self {
            live,
            source: Box::new(source),
            store: None,
            interval: Duration::from_secs(5),
            longest_pause: Duration::from_secs(300),
            report: Box::new(|_| {}),
            failures: 0,
            pinned: None,
            remembered: State::default(),
            unkept: None,
        }
    }

    /// Keeps the last good bundles, and what was accepted, in a store.
    #[must_use]
    pub fn with_store(mut self, store: Store) -> Self {
        self.store = Some(store);
        self
    }

    /// How often the source is looked at.
    #[must_use]
    pub fn every(mut self, interval: Duration) -> Self {
        self.interval = interval.max(Duration::from_millis(1));
        self
    }

    /// The longest pause between two attempts while the source fails.
    #[must_use]
    pub fn longest_pause(mut self, pause: Duration) -> Self {
        self.longest_pause = pause;
        self
    }

    /// Who hears of what happens.
    #[must_use]
    pub fn report(mut self, report: impl FnMut(&Event) + Send + 'static) -> Self {
        self.report = Box::new(report);
        self
    }

    /// Takes up what the store holds, and follows the source from then on. Where the store holds nothing good it waits for the first look at the source,
    /// for a moment: that there is no bundle yet is no error, since one may come.
    ///
    /// # Errors
    /// [`StoreError`] if what was accepted before cannot be told, [`StoreError::File`] if no thread can be had.
    pub fn start(mut self) -> Result<Following, StoreError> {
        self.resume()?;
        let wait = if self.live.loaded_digest().is_some() { Duration::ZERO } else { FIRST_LOOK };
        let (wake, woken) = sync_channel(1);
        let (looked, first) = sync_channel(1);
        let thread = std::thread::Builder::new().name("portcullis-follow".to_owned());
        let work = move || {
            let pause = self.look();
            let _ = looked.send(());
            self.follow(&woken, pause);
        };
        let thread = thread.spawn(work).map_err(|error| {
            StoreError::File(crate::files::FileError::Io { verb: "start", path: "a thread".into(), error })
        })?;
        if !wait.is_zero() {
            // A slow source is waited for no longer: whoever asks meanwhile is denied.
            let _ = first.recv_timeout(wait);
        }
        Ok(Following { wake: Some(wake), thread: Mutex::new(Some(thread)) })
    }

    fn follow(mut self, woken: &Receiver<()>, mut pause: Duration) {
        loop {
            match woken.recv_timeout(pause) {
                Err(RecvTimeoutError::Disconnected) => return,
                Ok(()) | Err(RecvTimeoutError::Timeout) => pause = self.look(),
            }
        }
    }

    /// The state of the process before this one, and the bundle that is pinned, or the newest good one of the store.
    fn resume(&mut self) -> Result<(), StoreError> {
        let Some(store) = &self.store else { return Ok(()) };
        let state = store.state()?;
        self.live.set_accepted(state.accepted.clone());
        let from = store.folder().display().to_string();
        match store.pinned() {
            Ok(None) => {
                for kept in store.kept()? {
                    let admitted = match kept.read() {
                        Ok(candidate) => self.take_up(candidate, from.clone(), state.confirmed.as_ref()),
                        Err(error) => {
                            self.store_failed(error);
                            false
                        }
                    };
                    if admitted {
                        break;
                    }
                }
            }
            Ok(Some(digest)) => self.hold_to(digest),
            // A person wants something, and nobody knows what: nothing is in force until that is clear.
            Err(error) => self.store_failed(error),
        }
        self.remembered = state;
        Ok(())
    }

    /// One look at pin and source. Gives the pause until the next.
    fn look(&mut self) -> Duration {
        match self.store.as_ref().map(Store::pinned).transpose() {
            Ok(pinned) => {
                if let Some(digest) = pinned.flatten() {
                    self.hold_to(digest);
                    return self.interval;
                }
            }
            Err(error) => {
                // Nobody knows what is meant: what is in force stays, and grows old.
                self.store_failed(error);
                return self.interval;
            }
        }
        if self.pinned.take().is_some() {
            self.live.set_pinned(false);
            self.source.forget();
            (self.report)(&Event::Released);
        }
        let fetched = match self.source.fetch() {
            // The two files of a source may be replaced one after the other: what does not fit together may do so now.
            Ok(Fetched::New(candidate)) if self.is_torn(&candidate) => {
                self.source.forget();
                std::thread::sleep(Duration::from_millis(200).min(self.interval));
                self.source.fetch()
            }
            fetched => fetched,
        };
        match fetched {
            Ok(fetched) => {
                if std::mem::take(&mut self.failures) > 0 {
                    (self.report)(&Event::SourceBack);
                }
                match fetched {
                    Fetched::Same => self.live.confirm(),
                    Fetched::New(candidate) => self.take(candidate),
                }
                self.remember();
                self.interval
            }
            Err(error) => {
                self.failures = self.failures.saturating_add(1);
                self.live.fail("source", Some(Unready::Unreachable), error.to_string());
                let again_in = self.pause();
                (self.report)(&Event::SourceFailed { why: error.to_string(), again_in });
                again_in
            }
        }
    }

    /// Whether the signature is of another bundle.
    fn is_torn(&self, candidate: &Candidate) -> bool {
        let keys = &self.live.admission().keys;
        let Some(signature) = candidate.signature.as_deref().filter(|_| !keys.is_empty()) else {
            return false;
        };
        crate::trust::verify(keys, &candidate.bundle, signature) == Err(SignatureError::OtherBundle)
    }

    /// Twice as long with each failure, up to the longest, and a little by chance so that many gateways do not ask at once.
    fn pause(&self) -> Duration {
        if self.source.is_near() {
            return self.interval;
        }
        let doubled = self.interval.saturating_mul(1 << self.failures.saturating_sub(1).min(16));
        // Some attempts have to fit into the time that a bundle counts.
        let longest =
            self.live.admission().max_age.map_or(self.longest_pause, |age| self.longest_pause.min(age / 4));
        let pause = doubled.min(longest.max(self.interval));
        let mut byte = [0];
        // Without chance the pause is the longer one.
        if ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut byte).is_err() {
            return pause;
        }
        let [chance] = byte;
        pause.mul_f64(0.75 + f64::from(chance) / 1_024.0)
    }

    fn take(&mut self, candidate: Candidate) {
        let from = self.source.name();
        if !self.admit(candidate, from, false) {
            // It is looked at again, whole: it may have been caught half-written.
            self.source.forget();
        }
    }

    /// Puts the pinned bundle in force.
    fn hold_to(&mut self, digest: String) {
        let Some(store) = &self.store else { return };
        let held = self.pinned.as_deref() == Some(&digest);
        if !held {
            let from = store.folder().display().to_string();
            match store.find(&digest).and_then(|kept| kept.read()) {
                Ok(candidate) => {
                    if !self.admit(candidate, from, true) {
                        return;
                    }
                }
                Err(error) => return self.store_failed(error),
            }
            self.live.set_pinned(true);
            (self.report)(&Event::Pinned(digest.clone()));
            self.pinned = Some(digest);
        }
        // That it is the current one a person has said.
        self.live.confirm();
    }

    fn admit(&mut self, candidate: Candidate, from: String, forced: bool) -> bool {
        let before = self.live.loaded_digest();
        let signature = candidate.signature.clone();
        let result = if forced { self.live.force(candidate) } else { self.live.offer(candidate) };
        let Some(loaded) = self.told(result, before, from) else { return false };
        if !forced {
            self.unkept = Some((loaded, signature));
            self.keep();
        }
        true
    }

    /// Puts what the store holds in force: as old as it was, if it is what the source confirmed last, and of an unknown age else.
    fn take_up(&mut self, candidate: Candidate, from: String, confirmed: Option<&(u64, String)>) -> bool {
        let result = self.live.resume(candidate, &|loaded| {
            confirmed.filter(|(_, digest)| digest == loaded.digest()).map(|(at, _)| *at)
        });
        self.told(result, None, from).is_some()
    }

    /// Tells what has become of a candidate.
    fn told(
        &mut self,
        result: Result<Arc<Loaded>, Refused>,
        before: Option<String>,
        from: String,
    ) -> Option<Arc<Loaded>> {
        match result {
            Ok(loaded) => {
                if before.as_deref() != Some(loaded.digest()) {
                    let (digest, sequence) = (loaded.digest().to_owned(), loaded.sequence());
                    (self.report)(&Event::Admitted { digest, sequence, from });
                }
                Some(loaded)
            }
            Err(why) => {
                (self.report)(&Event::Refused { why, from });
                None
            }
        }
    }

    /// Keeps what was admitted last, if it is not kept yet: a disk may be full for a while.
    fn keep(&mut self) {
        let Some(store) = &self.store else { return };
        if let Some((loaded, signature)) = &self.unkept {
            match store.keep(loaded, signature.as_deref()) {
                Ok(()) => self.unkept = None,
                Err(error) => self.store_failed(error),
            }
        }
    }

    /// Writes what the next process has to know, where it has changed.
    fn remember(&mut self) {
        self.keep();
        // Also where the bundle itself could not be kept: the next process then takes nothing older, and denies until the source answers.
        let Some(store) = &self.store else { return };
        let state = State { accepted: self.live.accepted(), confirmed: self.live.confirmed_at() };
        // The moment alone is written now and then: a tenth of the age that matters, at most every minute.
        let most = self.live.admission().max_age.map_or(60, |age| (age.as_secs() / 10).clamp(1, 60));
        let is_near = match (&state.confirmed, &self.remembered.confirmed) {
            (Some((now, digest)), Some((then, before))) => digest == before && now.abs_diff(*then) < most,
            (now, then) => now.is_none() && then.is_none(),
        };
        if state.accepted == self.remembered.accepted && is_near {
            return;
        }
        match store.remember(&state) {
            Ok(()) => self.remembered = state,
            Err(error) => self.store_failed(error),
        }
    }

    fn store_failed(&mut self, error: StoreError) {
        self.live.fail("store", None, error.to_string());
        (self.report)(&Event::StoreFailed(error));
    }
}
