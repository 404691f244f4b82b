//! How long evaluation may take.
//!
//! Steps and sizes are counted, but a step may look at 64 MiB and leave nothing behind, as
//! `sha256` does. So the time of the processor is looked at, too. It is that of the thread:
//! neither waiting for a service nor other programs are counted.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The time that evaluations take, over all that share it.
#[derive(Clone, Debug)]
pub(crate) struct Meter {
    most: Duration,
    /// In nanoseconds.
    taken: Arc<AtomicU64>,
}

impl Meter {
    /// A meter for evaluations that may take so long together.
    pub(crate) fn new(most: Duration) -> Self {
        Self { most, taken: Arc::default() }
    }

    /// How long all evaluations may take.
    pub(crate) const fn most(&self) -> Duration {
        self.most
    }

    fn add(&self, more: Duration) -> Duration {
        let more = u64::try_from(more.as_nanos()).unwrap_or(u64::MAX);
        let before = self.taken.fetch_add(more, Ordering::Relaxed);
        Duration::from_nanos(before.saturating_add(more))
    }
}

/// One evaluation, whose time is counted from when it is first looked at.
#[derive(Debug)]
pub(crate) struct Counted<'a> {
    meter: &'a Meter,
    since: Cell<Option<Duration>>,
}

impl<'a> Counted<'a> {
    /// An evaluation that begins.
    pub(crate) const fn new(meter: &'a Meter) -> Self {
        Self { meter, since: Cell::new(None) }
    }

    /// The meter.
    pub(crate) const fn meter(&self) -> &Meter {
        self.meter
    }

    /// Looks at the clock; whether there is time left.
    pub(crate) fn has_time(&self) -> bool {
        let now = processor_time();
        let more =
            self.since.replace(Some(now)).map_or(Duration::ZERO, |since| now.saturating_sub(since));
        self.meter.add(more) <= self.meter.most
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        if let Some(since) = self.since.get() {
            self.meter.add(processor_time().saturating_sub(since));
        }
    }
}

/// How long this thread has had a processor.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_nanos(u64::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evaluations_share_the_time() {
        let meter = Meter::new(Duration::from_millis(20));
        let first = Counted::new(&meter);
        assert!(first.has_time());
        let end = processor_time() + Duration::from_millis(15);
        while processor_time() < end {}
        assert!(first.has_time());
        drop(first);
        let second = Counted::new(&meter);
        assert!(second.has_time());
        let end = processor_time() + Duration::from_millis(15);
        while processor_time() < end {}
        drop(second);
        assert!(!Counted::new(&meter).has_time());
        assert!(Counted::new(&Meter::new(Duration::from_millis(20))).has_time());
    }
}
