//! Files, space, and what a sync makes durable.

use super::super::content::Content;
use super::super::image::BLOCK;
use super::super::{DiskError, power::PowerLoss};
use super::{at_s, key, rules};
use crate::EntryId;

fn all(content: &mut Content, name: &str) -> Result<Vec<u8>, DiskError> {
    let inode = content.find(name).ok_or(DiskError::NotFound)?;
    let back = content.read((inode, 0), u64::MAX, (at_s(0), 0), (&[], None));
    Ok(back.bytes)
}
fn write(content: &mut Content, name: &str, offset: u64, bytes: &[u8]) {
    content.write(1, (name, offset), bytes, None);
}
fn sync(content: &mut Content, name: &str) {
    let inode = content.find(name).expect("a file");
    content.sync(1, inode, content.changes());
}
fn sync_dir(content: &mut Content) {
    content.sync_names(content.changes());
}

#[test]
fn a_file_is_safe_when_its_bytes_and_its_name_are() {
    let lose = |content: &mut Content| content.power_loss(9, &rules(1.0, 0.0, 512));
    let mut content = Content::default();
    write(&mut content, "log", 0, b"one");
    sync(&mut content, "log");
    lose(&mut content);
    assert_eq!(all(&mut content, "log"), Err(DiskError::NotFound));

    write(&mut content, "log", 0, b"one");
    sync_dir(&mut content);
    lose(&mut content);
    assert_eq!(
        all(&mut content, "log"),
        Ok(Vec::new()),
        "a name without bytes"
    );

    write(&mut content, "log", 0, b"two");
    sync(&mut content, "log");
    write(&mut content, "log", 3, b"+three");
    assert_eq!(all(&mut content, "log"), Ok(b"two+three".to_vec()));
    lose(&mut content);
    assert_eq!(all(&mut content, "log"), Ok(b"two".to_vec()));
}

#[test]
fn a_replaced_file_is_the_old_or_the_new_one_never_neither() {
    let mut content = Content::default();
    write(&mut content, "state", 0, b"old");
    sync(&mut content, "state");
    sync_dir(&mut content);
    write(&mut content, "state.new", 0, b"new");
    sync(&mut content, "state.new");
    content.rename("state.new", "state").expect("it is there");
    assert_eq!(all(&mut content, "state"), Ok(b"new".to_vec()));
    content.power_loss(9, &rules(1.0, 0.0, 512));
    assert_eq!(all(&mut content, "state"), Ok(b"old".to_vec()));
    assert_eq!(content.list(""), ["state"]);
    assert_eq!(content.rename("state.new", "x"), Err(DiskError::NotFound));

    write(&mut content, "state.new", 0, b"new");
    sync(&mut content, "state.new");
    content.rename("state.new", "state").expect("it is there");
    sync_dir(&mut content);
    content.power_loss(9, &rules(1.0, 1.0, 1));
    assert_eq!(all(&mut content, "state"), Ok(b"new".to_vec()));
}

#[test]
fn space_counts_blocks_once_and_comes_back() {
    let mut content = Content::default();
    assert_eq!(content.needed("a", 4_000, 200), 2 * BLOCK);
    write(&mut content, "a", 4_000, &[1; 200]);
    assert_eq!(content.used(), 2 * BLOCK);
    assert_eq!(content.needed("a", 0, 8_192), 0);
    content.truncate(2, "a", 1).expect("it is there");
    assert_eq!(content.used(), BLOCK);
    write(&mut content, "b", 0, &[1; 5_000]);
    content.rename("b", "a").expect("it is there");
    assert_eq!(content.used(), 2 * BLOCK);
    content.remove("a").expect("it is there");
    assert_eq!((content.used(), content.dirty()), (0, 0));
    // Not durable: the power brings nothing back that never was, and the counts stay right.
    content.power_loss(9, &rules(0.0, 0.0, 512));
    assert_eq!((content.used(), content.dirty()), (0, 0));
    assert_eq!(content.list(""), Vec::<String>::new());
}

#[test]
fn write_back_makes_the_oldest_durable_first() {
    let mut content = Content::default();
    for (i, name) in (0..4_u8).zip(["a", "b", "a", "b"]) {
        write(&mut content, name, u64::from(i) * 10, &[i + 1; 10]);
    }
    sync_dir(&mut content);
    let (written, _) = content.write_back(5, 25);
    assert_eq!((written, content.dirty()), (20, 20));
    content.power_loss(9, &rules(1.0, 0.0, 512));
    assert_eq!(all(&mut content, "a"), Ok(vec![1; 10]));
    assert_eq!(
        all(&mut content, "b").map(|b| b[10..].to_vec()),
        Ok(vec![2; 10])
    );
}

#[test]
fn a_torn_write_ends_at_a_boundary_of_the_device() {
    for unit in [512, 4_096] {
        let mut kept = Vec::new();
        for round in 0..400 {
            let mut content = Content::default();
            write(&mut content, "f", 300, &[7; 10_000]);
            sync_dir(&mut content);
            let mut rules = rules(1.0, 0.5, unit);
            rules.torn_key = key(1_000 + round);
            let done = content.power_loss(9, &rules);
            let left = all(&mut content, "f").expect("its name is durable");
            assert_eq!(
                done.torn.len() + done.lost.len(),
                1,
                "torn or lost, never both"
            );
            if done.torn.is_empty() {
                assert_eq!(left.len(), 0);
                continue;
            }
            let end = left.len() as u64;
            assert!(
                end.is_multiple_of(unit) && end > 300 && end < 10_300,
                "{end}"
            );
            assert!(left[300..].iter().all(|byte| *byte == 7));
            kept.push(end);
        }
        assert!(
            (160..240).contains(&kept.len()),
            "{} of 400 at 0.5",
            kept.len()
        );
        kept.sort_unstable();
        kept.dedup();
        // Every boundary inside the write is met.
        assert_eq!(kept.len() as u64, 10_299 / unit);
    }
    // Inside one unit nothing is torn.
    let mut content = Content::default();
    write(&mut content, "f", 512, &[7; 512]);
    sync_dir(&mut content);
    let done = content.power_loss(9, &rules(0.0, 1.0, 512));
    assert_eq!(done, PowerLoss::default());
    assert_eq!(all(&mut content, "f").map(|b| b.len()), Ok(1_024));
}

#[test]
fn losses_stack_by_the_largest_and_credit_all_that_suffice() {
    let mut rules = rules(0.3, 0.0, 512);
    rules.lost.push((EntryId(9), 0.6));
    let mut content = Content::default();
    sync_dir(&mut content);
    for i in 0..4_000 {
        write(&mut content, "f", i, &[1]);
    }
    sync_dir(&mut content);
    let done = content.power_loss(9, &rules);
    let by = |id| {
        done.lost
            .iter()
            .filter(|lost| **lost == EntryId(id))
            .count() as f64
            / 4_000.0
    };
    assert!((by(1) - 0.3).abs() < 0.03, "{}", by(1));
    assert!((by(9) - 0.6).abs() < 0.03, "{}", by(9));
    let left = all(&mut content, "f").expect("its name is durable");
    let lost = left.iter().filter(|byte| **byte == 0).count() as f64 / 4_000.0;
    assert!((lost - 0.6).abs() < 0.03, "{lost}");
}

#[test]
fn a_lie_shows_only_when_the_power_goes() {
    let mut content = Content::default();
    write(&mut content, "f", 0, b"safe?");
    sync_dir(&mut content);
    let inode = content.find("f").expect("a file");
    let upto = content.changes();
    content.claim(inode, upto, &[EntryId(5)]);
    write(&mut content, "f", 5, b"!");
    assert_eq!(all(&mut content, "f"), Ok(b"safe?!".to_vec()));
    let done = content.power_loss(9, &rules(1.0, 0.0, 512));
    assert_eq!(
        done.exposed,
        [EntryId(5)],
        "the write after the sync was no lie"
    );
    assert_eq!(all(&mut content, "f"), Ok(Vec::new()));

    // A part of what was vouched for is not what was vouched for.
    write(&mut content, "f", 0, &[7; 1_024]);
    content.claim(inode, content.changes(), &[EntryId(5)]);
    let done = content.power_loss(9, &rules(0.0, 1.0, 512));
    assert_eq!((done.torn.len(), done.exposed), (1, vec![EntryId(5)]));
    content.truncate(9, "f", 0).expect("it is there");
    sync(&mut content, "f");

    // An honest sync after the lie makes it true; a cache on a battery does too.
    for honest in [true, false] {
        write(&mut content, "f", 0, b"safe!");
        content.claim(inode, content.changes(), &[EntryId(5)]);
        if honest {
            sync(&mut content, "f");
        }
        let share = if honest { 1.0 } else { 0.0 };
        let done = content.power_loss(9, &rules(share, 0.0, 512));
        assert_eq!(done.exposed, []);
        assert_eq!(all(&mut content, "f"), Ok(b"safe!".to_vec()));
    }
}

#[test]
fn a_misdirected_write_shows_once_it_has_left_the_cache() {
    let mut content = Content::default();
    write(&mut content, "a", 0, &[1; 8_192]);
    write(&mut content, "b", 0, &[2; 4_096]);
    sync(&mut content, "a");
    sync(&mut content, "b");
    content.write(2, ("a", 4_096), &[9; 100], Some((EntryId(4), 1)));
    assert_eq!(all(&mut content, "a").map(|b| b[4_096]), Ok(9));
    let inode = content.find("a").expect("a file");
    assert_eq!(content.sync(3, inode, content.changes()), [EntryId(4)]);
    assert_eq!(all(&mut content, "a"), Ok(vec![1; 8_192]), "the old bytes");
    let b = all(&mut content, "b").expect("a file");
    assert_eq!((b[0], b[99], b[100]), (9, 9, 2), "a victim");
    // The only block of a disk has no other place.
    let mut content = Content::default();
    content.write(2, ("a", 0), &[9; 100], Some((EntryId(4), 3)));
    let inode = content.find("a").expect("a file");
    assert_eq!(content.sync(3, inode, content.changes()), []);
    assert_eq!(all(&mut content, "a"), Ok(vec![9; 100]));
}

#[test]
fn a_journal_that_nobody_syncs_is_bounded() {
    let mut content = Content::default();
    for i in 0..10_000 {
        write(&mut content, "tmp", 0, b"x");
        content
            .rename("tmp", &format!("f{}", i % 7))
            .expect("it is there");
    }
    assert!(content.journal.len() <= 1024, "{}", content.journal.len());
    assert!(content.inodes.len() <= 1100, "{}", content.inodes.len());
}
