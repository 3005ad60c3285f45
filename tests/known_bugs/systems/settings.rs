//! A node that keeps its settings in a file, changes them every 100 ms, and reads them when it starts
//! and after each change.
//!
//! `toy.settings-gone`: the file is there, and has neither the old settings nor the new ones.

use crate::pair::nodes;
use squall::core::VirtualDuration;
use squall::core::disk::DiskError;
use squall::core::world::Cx;
use squall::scenarios::workloads::Install;

const BYTES: usize = 8192;

/// Puts it on its node. `beside`: new settings are written to a file beside the old one, which they
/// then replace.
pub(crate) fn install(install: &mut Install<'_>, beside: bool) {
    let [node] = nodes(install);
    let world = &mut *install.world;
    let gone = world.name("toy.settings-gone");
    world.process(node, "settings", move |cx| async move {
        for version in 0_u8.. {
            let content = vec![version | 1; BYTES];
            // An error is reported to whoever wanted the change; the old settings hold.
            let _ = match beside {
                true => replace(&cx, &content).await,
                false => overwrite(&cx, &content).await,
            };
            let read = cx.disk().open("settings").read().await;
            if read.is_ok_and(|bytes| bytes.len() != BYTES) {
                cx.event(gone, u64::from(version), 0);
            }
            cx.sleep(VirtualDuration::from_millis(100)).await;
        }
    });
}

async fn overwrite(cx: &Cx, content: &[u8]) -> Result<(), DiskError> {
    let file = cx.disk().open("settings");
    file.truncate(0).await?;
    file.write_at(0, content).await?;
    file.sync().await
}

async fn replace(cx: &Cx, content: &[u8]) -> Result<(), DiskError> {
    let disk = cx.disk();
    let new = disk.open("settings.new");
    new.truncate(0).await?;
    new.write_at(0, content).await?;
    new.sync().await?;
    disk.rename("settings.new", "settings").await?;
    disk.sync_dir().await
}
