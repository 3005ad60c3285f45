//! Bits that flip.

use super::super::content::Content;
use super::super::decay::{ReadBack, Rotting};
use super::super::image::BLOCK;
use super::{at_s, key};
use crate::EntryId;

const BLOCKS: u64 = 2_000;

fn disk() -> (Content, u64) {
    let mut content = Content::default();
    let bytes = vec![0; usize::try_from(BLOCKS * BLOCK).expect("it fits")];
    content.write(0, ("f", 0), &bytes, None);
    let inode = content.find("f").expect("a file");
    content.sync(0, inode, content.changes());
    (content, inode)
}
fn law(id: u32, share: f64, at_rest: bool) -> Rotting {
    Rotting {
        id: EntryId(id),
        key: key(u64::from(id)),
        from: 0,
        until: None,
        share,
        at_rest,
        visible: false,
    }
}
fn read(content: &mut Content, inode: u64, (s, ordinal): (u64, u64), laws: &[Rotting]) -> ReadBack {
    content.read((inode, 0), u64::MAX, (at_s(s), ordinal), (laws, None))
}
fn flipped(back: &ReadBack) -> usize {
    let ones = back.bytes.iter().map(|byte| byte.count_ones());
    ones.sum::<u32>() as usize
}

#[test]
fn blocks_rot_at_their_rate_and_stay_rotten() {
    let (mut content, inode) = disk();
    let laws = [law(1, 0.05, false)];
    let first = read(&mut content, inode, (0, 0), &laws);
    // 100 expected, sd 9.7.
    assert!((60..140).contains(&flipped(&first)), "{}", flipped(&first));
    assert_eq!(first.wrong.len(), flipped(&first), "once for each block");
    let after = read(&mut content, inode, (1, 1), &[]);
    assert_eq!(after.bytes, first.bytes, "on the medium, not in the cable");
    assert_eq!(after.wrong, first.wrong);
    let second = read(&mut content, inode, (2, 2), &laws);
    assert!(
        flipped(&second) > flipped(&first) + 50,
        "another read, another draw"
    );
    // Written again, a block is what was written.
    let zeros = vec![0; usize::try_from(BLOCKS * BLOCK).expect("it fits")];
    content.write(3, ("f", 0), &zeros, None);
    assert_eq!(
        flipped(&read(&mut content, inode, (3, 3), &laws)),
        0,
        "from the cache"
    );
    content.sync(3, inode, content.changes());
    assert_eq!(flipped(&read(&mut content, inode, (4, 4), &[])), 0);
}

#[test]
fn rot_at_rest_counts_days_and_ends_with_its_overlay() {
    let day = 86_400;
    let (mut content, inode) = disk();
    let laws = [law(1, 0.01, true)];
    assert_eq!(
        flipped(&read(&mut content, inode, (0, 0), &laws)),
        0,
        "no time, no rot"
    );
    // After ten days 1 - 0.99^10 = 9.56 %: 191 of 2000, sd 13.
    let ten = flipped(&read(&mut content, inode, (10 * day, 1), &laws));
    assert!((140..245).contains(&ten), "{ten}");
    // Looking does not hasten it, and a block rots once.
    assert_eq!(
        flipped(&read(&mut content, inode, (10 * day, 2), &laws)),
        ten
    );
    let (mut other, inode_b) = disk();
    let ended = [Rotting {
        until: Some(at_s(10 * day).as_nanos()),
        ..laws[0]
    }];
    let later = read(&mut other, inode_b, (500 * day, 0), &ended);
    assert_eq!(
        flipped(&later),
        ten,
        "unread meanwhile, rotten all the same"
    );
}

#[test]
fn positions_are_a_union_and_a_checksum_tells() {
    let (mut content, inode) = disk();
    let laws = [law(1, 1.0, false), law(2, 1.0, false)];
    let back = read(&mut content, inode, (0, 0), &laws);
    let both = flipped(&back);
    assert!(both > 2 * 1_990 && both <= 4_000, "{both}");
    // The same law twice, as of two overlays that draw alike, flips each bit once.
    let (mut content, inode) = disk();
    let twin = Rotting {
        id: EntryId(7),
        ..law(1, 1.0, false)
    };
    let back = read(&mut content, inode, (0, 0), &[law(1, 1.0, false), twin]);
    assert_eq!(flipped(&back) as u64, BLOCKS);

    let (mut content, inode) = disk();
    let visible = Rotting {
        visible: true,
        ..law(1, 1.0, false)
    };
    assert!(read(&mut content, inode, (0, 0), &[visible]).detected);
    assert!(
        read(&mut content, inode, (1, 1), &[]).detected,
        "until it is written again"
    );
}

#[test]
fn a_misdirected_read_gives_other_bytes_and_only_then_counts() {
    let mut content = Content::default();
    content.write(0, ("a", 0), &[1; 4_096], None);
    content.write(0, ("b", 0), &[2; 4_096], None);
    let (a, b) = (content.find("a").expect("a"), content.find("b").expect("b"));
    content.sync(0, a, content.changes());
    content.sync(0, b, content.changes());
    let elsewhere = |blocks| Some((EntryId(3), blocks));
    let read = |content: &mut Content, blocks| {
        content.read((a, 0), 10, (at_s(0), 0), (&[], elsewhere(blocks)))
    };
    let back = read(&mut content, -1);
    assert_eq!((back.bytes, back.wrong), (vec![2; 10], vec![EntryId(3)]));
    let round = read(&mut content, 2);
    assert_eq!((round.bytes, round.wrong), (vec![1; 10], vec![]));
}
