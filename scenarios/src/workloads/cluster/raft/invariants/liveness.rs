//! Liveness: what must come true once nothing is wrong any more.
//!
//! Quiet is a time in which no fault is in force, every replica runs and waits for no slow disk, and the
//! membership does not change.
//! After `settle` of it there must be a leader, and no other may follow; and every voter must have applied
//! what was committed `settle` before the end.

use super::{Findings, Member, Oracle, Slug, Voters};
use squall_core::history::FaultChange;
use squall_core::{VirtualDuration, VirtualTime};

/// What disturbs, and who leads.
#[derive(Debug)]
pub(super) struct Liveness {
    settle: VirtualDuration,
    faults: u32,
    /// Replicas that run and are not paused.
    running: Vec<bool>,
    paused: Vec<bool>,
    /// Replicas whose disk makes them wait: what began under a fault may end long after it.
    waiting: Vec<bool>,
    quiet_since: Option<VirtualTime>,
    /// Terms of those who lead, by member. Who waited for its disk may say late that it had won, so that
    /// an old leader must not hide the one of today.
    leads: Vec<Option<u32>>,
    /// When the lack of a leader is too long.
    due: Option<VirtualTime>,
    /// Who votes, as the latest leader has it; and whether a quorum of them runs, not before it did first.
    voters: Voters,
    quorum: Option<bool>,
    /// Whether somebody began or ended to run, or to vote, since that was looked at.
    turned: bool,
}

impl Liveness {
    pub(super) fn new(settle: VirtualDuration, (replicas, voters): (usize, Voters)) -> Self {
        Self {
            settle,
            faults: 0,
            running: vec![false; replicas],
            paused: vec![false; replicas],
            waiting: vec![false; replicas],
            quiet_since: None,
            leads: vec![None; replicas],
            due: None,
            voters,
            quorum: None,
            turned: false,
        }
    }
    /// Something changed: quiet begins anew, if there is any.
    pub(super) fn disturbed(&mut self, at: VirtualTime) {
        let quiet = self.faults == 0
            && self.running.iter().all(|runs| *runs)
            && !self
                .paused
                .iter()
                .chain(&self.waiting)
                .any(|stands| *stands);
        self.quiet_since = quiet.then_some(at);
        self.turned = true;
        self.expect(at);
    }
    /// Who leads, in the latest term.
    pub(super) fn leader(&self) -> Option<Member> {
        let leads = |(member, term): (usize, &Option<u32>)| Some(((*term)?, member));
        let (_, member) = self.leads.iter().enumerate().filter_map(leads).max()?;
        Member::try_from(member).ok()
    }
    fn expect(&mut self, at: VirtualTime) {
        let leaderless = self.quiet_since.is_some() && self.leader().is_none();
        self.due = leaderless.then(|| at.saturating_add(self.settle));
    }
    pub(super) fn fault(&mut self, at: VirtualTime, change: FaultChange) {
        match change {
            FaultChange::Active => self.faults += 1,
            FaultChange::Healed => self.faults = self.faults.saturating_sub(1),
            _ => return,
        }
        self.disturbed(at);
    }
    pub(super) fn started(&mut self, at: VirtualTime, member: Member) {
        self.running[usize::from(member)] = true;
        // Who begins leads nobody.
        self.leads[usize::from(member)] = None;
        self.disturbed(at);
    }
    pub(super) fn stopped(&mut self, at: VirtualTime, member: Member) {
        self.running[usize::from(member)] = false;
        self.paused[usize::from(member)] = false;
        self.waiting[usize::from(member)] = false;
        self.leads[usize::from(member)] = None;
        self.disturbed(at);
    }
    pub(super) fn paused(&mut self, at: VirtualTime, member: Member, paused: bool) {
        self.paused[usize::from(member)] = paused;
        self.disturbed(at);
    }
    pub(super) fn waits(&mut self, at: VirtualTime, member: Member, waits: bool) {
        self.waiting[usize::from(member)] = waits;
        self.disturbed(at);
    }
    pub(super) fn lost_leader(&mut self, at: VirtualTime, member: Member) {
        let had = self.leader();
        self.leads[usize::from(member)] = None;
        if had.is_some() && self.leader().is_none() {
            self.expect(at);
        }
    }
    pub(super) fn elected(
        &mut self,
        at: VirtualTime,
        (member, term): (Member, u32),
        findings: &mut Findings,
    ) {
        self.leads[usize::from(member)] = Some(term);
        self.due = None;
        let Some(since) = self.quiet_since else {
            return;
        };
        let settled = since.saturating_add(self.settle);
        findings.test(Slug::OneLeader, at <= settled, (at, None), || {
            format!("replica {member} is elected, though nothing was wrong since {since}")
        });
    }
    /// Time has passed.
    pub(super) fn time(&mut self, now: VirtualTime, findings: &mut Findings) {
        if let Some(due) = self.due
            && now > due
        {
            self.due = None;
            let settle = self.settle;
            findings.test(Slug::OneLeader, false, (now, None), || {
                format!("nobody has led for {settle}, though nothing is wrong")
            });
        }
    }
}

impl Oracle {
    /// Whether a quorum runs, whenever that may have changed.
    pub(super) fn quorum_runs(&mut self, at: VirtualTime) {
        if !core::mem::take(&mut self.liveness.turned) {
            return;
        }
        if let Some(leader) = self.liveness.leader() {
            self.liveness.voters = self.replicas[usize::from(leader)].voters();
        }
        let liveness = &self.liveness;
        let (voters, runs) = liveness
            .voters
            .members()
            .fold((0, 0), |(voters, runs), member| {
                let member = usize::from(member);
                let has = |list: &[bool]| list.get(member).copied().unwrap_or(false);
                let runs_now = has(&liveness.running) && !has(&liveness.paused);
                (voters + 1, runs + u32::from(runs_now))
            });
        let quorum = runs > voters / 2;
        let before = liveness.quorum;
        if before.is_none() && !quorum {
            return;
        }
        self.liveness.quorum = Some(quorum);
        // Said once, when it is lost.
        if before != Some(false) {
            self.findings
                .test(Slug::QuorumRuns, quorum, (at, None), || {
                    format!("{runs} of {voters} voters run, and that is no quorum")
                });
        }
    }
    /// At the end of a run that was quiet for long enough, voters have applied what was committed.
    pub(super) fn converged(&mut self, end: VirtualTime) {
        let settle = self.setting.settle;
        let Some(since) = self.liveness.quiet_since else {
            return;
        };
        if since.saturating_add(settle).saturating_add(settle) > end {
            return;
        }
        let early = |(at, _): &&(VirtualTime, u32)| at.saturating_add(settle) <= end;
        let Some((_, index)) = self.truth.growth.iter().take_while(early).last().copied() else {
            return;
        };
        let Some(leader) = self.liveness.leader() else {
            return;
        };
        self.findings.checked(Slug::OneLeader);
        let voters = self.replicas[usize::from(leader)].voters();
        for member in voters.members() {
            let Some(replica) = self.replicas.get(usize::from(member)) else {
                continue;
            };
            let applied = replica.applied;
            self.findings.test(Slug::Converged, applied >= index, (end, None), || {
                format!("replica {member} has applied {applied}; {index} was committed {settle} before the end")
            });
        }
    }
}
