//! The thread that analyses templates while the editor goes on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use crate::analysis::{Analysis, Analyst, Job, Unit};

/// What the thread is told.
enum Order {
    Analyse(Job),
    Forget(Unit),
    ForgetPlugins,
}

/// The thread that analyses templates, one at a time.
pub(crate) struct Worker {
    orders: Sender<Order>,
    busy: bool,
}

/// What became of a job: an analysis, or nothing when it ended in a panic.
pub(crate) type Outcome = Option<Box<Analysis>>;

impl Worker {
    /// Starts the thread. It ends when the worker is dropped, or nobody wants its outcomes.
    ///
    /// # Errors
    ///
    /// When the machine has no thread left.
    pub(crate) fn start(
        analyst: Analyst,
        deliver: impl Fn(Outcome) -> bool + Send + 'static,
    ) -> std::io::Result<Self> {
        let (orders, received) = channel();
        let work = move || obey(analyst, &received, &deliver);
        thread::Builder::new().name("analysis".to_owned()).spawn(work)?;
        Ok(Self { orders, busy: false })
    }

    /// Whether a job can be taken.
    pub(crate) fn is_free(&self) -> bool {
        !self.busy
    }

    /// Takes a job; its outcome follows.
    pub(crate) fn analyse(&mut self, job: Job) {
        self.busy = self.orders.send(Order::Analyse(job)).is_ok();
    }

    /// The outcome of the job was received.
    pub(crate) fn done(&mut self) {
        self.busy = false;
    }

    /// Forgets what is known of a template.
    pub(crate) fn forget(&self, unit: Unit) {
        // A thread that is gone remembers nothing.
        let _ = self.orders.send(Order::Forget(unit));
    }

    /// Looks for plugins again when they are needed next.
    pub(crate) fn forget_plugins(&self) {
        // As above.
        let _ = self.orders.send(Order::ForgetPlugins);
    }
}

fn obey(mut analyst: Analyst, orders: &Receiver<Order>, deliver: &dyn Fn(Outcome) -> bool) {
    while let Ok(order) = orders.recv() {
        match order {
            Order::Forget(unit) => analyst.forget(&unit),
            Order::ForgetPlugins => analyst.forget_plugins(),
            Order::Analyse(job) => {
                let work = AssertUnwindSafe(|| Box::new(analyst.analyse(&job)));
                if !deliver(catch_unwind(work).ok()) {
                    return;
                }
            }
        }
    }
}
