use anyhow::Context as _;

use crate::{
    clock::Ambient,
    config::DatabaseArgs,
    store::listing_counts::{CURE, Installed, install},
};

/// Brings the schema up to date, and has listings be counted as they change.
pub async fn migrate(args: DatabaseArgs) -> anyhow::Result<()> {
    let db = super::open(args.try_into()?).await?;
    let installed = install(&db, Ambient::system().now()).await;
    if let Installed::Refused(error) = installed.context("cannot count listings")? {
        // Everything works without them, and counting is only slower.
        eprintln!("warning: listings are counted each time they are asked for: {error}. {CURE}");
    }
    Ok(())
}
