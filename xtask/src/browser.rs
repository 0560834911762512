//! The browser of the console's tests: Debian's Chromium, and letters for Chinese.

use std::path::Path;

use anyhow::Result;

use crate::apt;

/// Where Debian puts it.
const CHROMIUM: &str = "/usr/bin/chromium";
/// Where it puts the letters.
const LETTERS: &str = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc";

/// See that there is a browser that can show what the console says.
pub fn ensure() -> Result<()> {
    let wanted = [(CHROMIUM, "chromium"), (LETTERS, "fonts-noto-cjk")];
    let missing = wanted.iter().filter(|(file, _)| !Path::new(file).exists());
    let missing: Vec<_> = missing.map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    apt::ensure(&missing, "the browser of the console's tests")
}
