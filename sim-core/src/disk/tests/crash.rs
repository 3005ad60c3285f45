//! Crash consistency against a naive model, after any sequence of operations.

use super::super::content::Content;
use super::{at_s, rules};
use proptest::prelude::*;
use std::collections::BTreeMap;

const FILES: [&str; 3] = ["a", "b", "c"];

#[derive(Clone, Debug)]
enum Step {
    Write(usize, u64, usize),
    Truncate(usize, u64),
    Sync(usize),
    SyncDir,
    Rename(usize, usize),
    Remove(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let file = 0..FILES.len();
    prop_oneof![
        6 => (file.clone(), 0..9_000_u64, 1..6_000_usize).prop_map(|(f, o, l)| Step::Write(f, o, l)),
        1 => (file.clone(), 0..9_000_u64).prop_map(|(f, s)| Step::Truncate(f, s)),
        3 => file.clone().prop_map(Step::Sync),
        2 => Just(Step::SyncDir),
        2 => (file.clone(), file.clone()).prop_map(|(a, b)| Step::Rename(a, b)),
        1 => file.prop_map(Step::Remove),
    ]
}

/// A file of the model: what is durable, and the bytes that each position may have after a loss.
#[derive(Clone, Debug, Default)]
struct Plain {
    live: Vec<u8>,
    durable: Vec<u8>,
    /// Versions since the last sync: each may be the last that touched a byte.
    versions: Vec<Vec<u8>>,
}

impl Plain {
    fn changed(&mut self) {
        self.versions.push(self.live.clone());
    }
    fn may_be(&self, position: usize, byte: u8) -> bool {
        let versions = self.versions.iter().chain([&self.durable, &self.live]);
        byte == 0 || versions.into_iter().any(|v| v.get(position) == Some(&byte))
    }
}

type Names = BTreeMap<String, usize>;

/// The model: whole copies of everything, no blocks, no ordinals.
#[derive(Clone, Debug, Default)]
struct Model {
    files: Vec<Plain>,
    names: Names,
    durable_names: Names,
    /// Directories that a loss may leave: after each change since the last sync.
    directories: Vec<Names>,
}

impl Model {
    fn create(&mut self, name: &str) -> usize {
        if let Some(file) = self.names.get(name) {
            return *file;
        }
        self.files.push(Plain::default());
        self.names.insert(name.to_owned(), self.files.len() - 1);
        self.directories.push(self.names.clone());
        self.files.len() - 1
    }
    fn apply(&mut self, step: &Step, fill: u8) {
        match *step {
            Step::Write(file, offset, len) => {
                let file = self.create(FILES[file]);
                let file = &mut self.files[file];
                let offset = usize::try_from(offset).expect("small");
                let size = file.live.len().max(offset + len);
                file.live.resize(size, 0);
                file.live[offset..offset + len].fill(fill);
                file.changed();
            }
            Step::Truncate(file, size) => {
                let file = self.create(FILES[file]);
                let size = usize::try_from(size).expect("small");
                self.files[file].live.resize(size, 0);
                self.files[file].changed();
            }
            Step::Sync(file) => {
                if let Some(file) = self.names.get(FILES[file]) {
                    let file = &mut self.files[*file];
                    file.durable.clone_from(&file.live);
                    file.versions.clear();
                }
            }
            Step::SyncDir => {
                self.durable_names.clone_from(&self.names);
                self.directories.clear();
            }
            Step::Rename(from, to) => {
                if from != to
                    && let Some(file) = self.names.remove(FILES[from])
                {
                    self.names.insert(FILES[to].to_owned(), file);
                    self.directories.push(self.names.clone());
                }
            }
            Step::Remove(file) => {
                if self.names.remove(FILES[file]).is_some() {
                    self.directories.push(self.names.clone());
                }
            }
        }
    }
}

fn apply(content: &mut Content, step: &Step, fill: u8) {
    match *step {
        Step::Write(file, offset, len) => {
            content.write(1, (FILES[file], offset), &vec![fill; len], None);
        }
        Step::Truncate(file, size) => {
            content.create(FILES[file]);
            content.truncate(1, FILES[file], size).expect("it was made");
        }
        Step::Sync(file) => {
            if let Some(inode) = content.find(FILES[file]) {
                content.sync(1, inode, content.changes());
            }
        }
        Step::SyncDir => content.sync_names(content.changes()),
        Step::Rename(from, to) => _ = content.rename(FILES[from], FILES[to]),
        Step::Remove(file) => _ = content.remove(FILES[file]),
    }
}

fn read(content: &mut Content, name: &str) -> Vec<u8> {
    let inode = content.find(name).expect("a file");
    content
        .read((inode, 0), u64::MAX, (at_s(0), 0), (&[], None))
        .bytes
}

fn both(steps: &[Step]) -> (Content, Model) {
    let (mut content, mut model) = (Content::default(), Model::default());
    for (i, step) in steps.iter().enumerate() {
        let fill = u8::try_from(i % 255 + 1).expect("below 256");
        apply(&mut content, step, fill);
        model.apply(step, fill);
    }
    (content, model)
}

fn names(names: &Names) -> Vec<String> {
    names.keys().cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Without a crash, the disk is a map of byte strings; its counts are those of its files.
    #[test]
    fn readers_see_what_was_written(steps in prop::collection::vec(step(), 0..40)) {
        let (mut content, model) = both(&steps);
        prop_assert_eq!(content.list(""), names(&model.names));
        for (name, file) in &model.names {
            prop_assert_eq!(&read(&mut content, name), &model.files[*file].live);
        }
        let (used, dirty) = (content.used(), content.dirty());
        content.recount();
        prop_assert_eq!((used, dirty), (content.used(), content.dirty()));
    }

    /// A loss that takes everything leaves exactly what was synced.
    #[test]
    fn what_was_synced_survives_and_nothing_else(steps in prop::collection::vec(step(), 0..40)) {
        let (mut content, model) = both(&steps);
        content.power_loss(9, &rules(1.0, 0.0, 512));
        prop_assert_eq!(content.list(""), names(&model.durable_names));
        for (name, file) in &model.durable_names {
            prop_assert_eq!(&read(&mut content, name), &model.files[*file].durable);
        }
        prop_assert_eq!(content.dirty(), 0);
    }

    /// A loss without rules leaves everything, as a cache on a battery does.
    #[test]
    fn a_battery_keeps_everything(steps in prop::collection::vec(step(), 0..40)) {
        let (mut content, model) = both(&steps);
        content.power_loss(9, &rules(0.0, 0.0, 512));
        prop_assert_eq!(content.list(""), names(&model.names));
        for (name, file) in &model.names {
            prop_assert_eq!(&read(&mut content, name), &model.files[*file].live);
        }
    }

    /// A partial loss leaves a directory that once was, and bytes that somebody wrote there.
    #[test]
    fn a_partial_loss_invents_nothing(
        steps in prop::collection::vec(step(), 0..40),
        lost in 0.0..1.0_f64,
        torn in 0.0..1.0_f64,
    ) {
        let (mut content, model) = both(&steps);
        content.power_loss(9, &rules(lost, torn, 512));
        let left = content.list("");
        let read_all = |content: &mut Content| -> Vec<Vec<u8>> {
            left.iter().map(|name| read(content, name)).collect()
        };
        let before = read_all(&mut content);
        let mut possible = model.directories.iter().chain([&model.durable_names]);
        let explained = possible.any(|directory| {
            names(directory) == left
                && left.iter().zip(&before).all(|(name, bytes)| {
                    let file = &model.files[directory[name]];
                    bytes.iter().enumerate().all(|(i, byte)| file.may_be(i, *byte))
                })
        });
        prop_assert!(explained, "no directory that once was explains {left:?} and its bytes");
        // A second loss changes nothing: what is left is durable.
        content.power_loss(10, &rules(1.0, 1.0, 512));
        let after = read_all(&mut content);
        prop_assert_eq!(before, after);
    }
}
