//! What members send each other: 64 bytes, with what they have to tell on its back.

/// The place of a member in its cluster: at most [`MEMBERS_MAX`] of them.
pub type Member = u32;

/// Places that fit in a packet.
pub const MEMBERS_MAX: usize = 1 << MEMBER_BITS;
/// News that fit on the back of a packet; about as many as in the paper's packets of 135 bytes.
pub const NEWS_MAX: usize = 6;

const MEMBER_BITS: u32 = 20;
const STATE_BITS: u32 = 2;
const MEMBER_MASK: u64 = (1 << MEMBER_BITS) - 1;
const STATE_MASK: u64 = (1 << STATE_BITS) - 1;
/// The highest incarnation that fits.
pub const INCARNATION_MAX: u32 = (1 << (64 - 2 * MEMBER_BITS - STATE_BITS)) - 1;

/// Payload of a packet without news, and of each piece of news: what a compact encoding needs.
const BYTES_BARE: u32 = 16;
const BYTES_NEWS: u32 = 8;

/// What a member thinks of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It answers.
    Alive,
    /// It did not answer somebody; it may refute that.
    Suspect,
    /// It is out, until it is back under a higher incarnation.
    Dead,
    /// It said that it goes.
    Left,
}

impl State {
    const ALL: [Self; 4] = [Self::Alive, Self::Suspect, Self::Dead, Self::Left];

    /// Whether it takes part: alive, or only suspected not to be.
    pub const fn takes_part(self) -> bool {
        matches!(self, Self::Alive | Self::Suspect)
    }
}

/// A piece of news: somebody's state in one of its incarnations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct News {
    /// Whose.
    pub member: Member,
    /// Which.
    pub state: State,
    /// In which incarnation.
    pub incarnation: u32,
    /// Who says so: for a suspicion, who suspects.
    pub from: Member,
}

impl News {
    /// As one word.
    pub const fn packed(self) -> u64 {
        let head = (self.incarnation as u64) << STATE_BITS | self.state as u64;
        (head << MEMBER_BITS | self.from as u64) << MEMBER_BITS | self.member as u64
    }
    /// Back from one.
    pub const fn unpacked(word: u64) -> Self {
        let head = word >> (2 * MEMBER_BITS);
        Self {
            member: (word & MEMBER_MASK) as Member,
            from: (word >> MEMBER_BITS & MEMBER_MASK) as Member,
            state: State::ALL[(head & STATE_MASK) as usize],
            incarnation: (head >> STATE_BITS) as u32,
        }
    }
}

/// What a packet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Are you there?
    Ping,
    /// Yes.
    Ack,
    /// Ask somebody for me.
    PingReq,
    /// I asked, and heard nothing.
    Nack,
    /// News only.
    Gossip,
    /// I am there.
    Heartbeat,
}

impl Kind {
    const ALL: [Self; 6] = [
        Self::Ping,
        Self::Ack,
        Self::PingReq,
        Self::Nack,
        Self::Gossip,
        Self::Heartbeat,
    ];
}

/// A packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// What for.
    pub kind: Kind,
    /// The number of the question it belongs to, by who asked.
    pub number: u32,
    /// Who is asked, or asked for.
    pub target: Member,
    news: [u64; NEWS_MAX],
    count: usize,
}

impl Packet {
    /// One without news.
    pub const fn new(kind: Kind, number: u32, target: Member) -> Self {
        Self {
            kind,
            number,
            target,
            news: [0; NEWS_MAX],
            count: 0,
        }
    }
    /// Puts a piece of news on its back. False if there is no room.
    pub const fn carry(&mut self, news: News) -> bool {
        if self.count == NEWS_MAX {
            return false;
        }
        self.news[self.count] = news.packed();
        self.count += 1;
        true
    }
    /// The news it carries.
    pub fn news(&self) -> impl Iterator<Item = News> + '_ {
        self.news[..self.count]
            .iter()
            .map(|word| News::unpacked(*word))
    }
    /// How many.
    pub const fn count(&self) -> usize {
        self.count
    }
    /// Its size on a link.
    pub fn bytes(&self) -> u32 {
        news_bytes(self.count)
    }
    /// As the words of a message.
    pub const fn words(&self) -> [u64; 8] {
        let [a, b, c, d, e, f] = self.news;
        let head = (self.number as u64) << 8 | (self.count as u64) << 4 | self.kind as u64;
        [head, self.target as u64, a, b, c, d, e, f]
    }
    /// Back from them; `None` for nonsense.
    pub fn read([head, target, news @ ..]: [u64; 8]) -> Option<Self> {
        let count = usize::try_from(head >> 4 & 15).ok()?;
        let kind = *Kind::ALL.get(usize::try_from(head & 15).ok()?)?;
        (count <= NEWS_MAX).then_some(Self {
            kind,
            number: u32::try_from(head >> 8).ok()?,
            target: Member::try_from(target).ok()?,
            news,
            count,
        })
    }
}

/// Bytes of a datagram of so many news and nothing else.
pub fn news_bytes(count: usize) -> u32 {
    BYTES_BARE + BYTES_NEWS * u32::try_from(count).unwrap_or(0)
}

/// The whole view of a member, for another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sync {
    /// Whether it answers one.
    pub reply: bool,
    /// Places below this are alive in their first incarnation, if nothing else is said of them.
    pub base: u32,
    /// What else it knows.
    pub news: Vec<News>,
    /// How many members it has, which decides its size.
    pub members: u32,
}

impl Sync {
    /// Bytes on a link: as if every member had its line, whatever is left out here.
    pub const fn bytes(&self) -> u32 {
        BYTES_BARE + BYTES_NEWS * self.members
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_and_packets_come_back() {
        let far = Member::try_from(MEMBERS_MAX - 1).unwrap();
        for (state, incarnation) in [
            (State::Alive, 0),
            (State::Suspect, 7),
            (State::Dead, INCARNATION_MAX),
            (State::Left, 1),
        ] {
            let news = News {
                member: far,
                state,
                incarnation,
                from: 5,
            };
            assert_eq!(News::unpacked(news.packed()), news);
            for kind in Kind::ALL {
                let mut packet = Packet::new(kind, u32::MAX, far);
                assert_eq!(packet.bytes(), 16);
                for _ in 0..NEWS_MAX {
                    assert!(packet.carry(news));
                }
                assert!(!packet.carry(news));
                assert_eq!((packet.count(), packet.bytes()), (6, 64));
                let back = Packet::read(packet.words());
                assert_eq!(back, Some(packet));
                assert!(back.unwrap().news().all(|n| n == news));
            }
        }
        assert_eq!(Packet::read([15, 0, 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(Packet::read([7 << 4, 0, 0, 0, 0, 0, 0, 0]), None);
    }
}
