//! Stamps: has what a step was made from changed since?

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

/// SHA-256 over texts and files, in the order given.
#[derive(Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// Add a text; its length goes in too, so that neighbours cannot run together.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// Add a file's name and content, or those of all files below a folder, in sorted order.
    pub fn tree(&mut self, path: &Path) -> Result<&mut Self> {
        for file in files_below(path)? {
            self.text(&file.to_string_lossy());
            let content =
                fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            self.bytes(&content);
        }
        Ok(self)
    }

    /// The hash in hexadecimal.
    pub fn hex(&self) -> String {
        use std::fmt::Write as _;
        let digest = self.0.clone().finalize();
        digest.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }
}

/// All files below a folder, in sorted order; of a file, itself.
pub fn files_below(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let read = || fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect();
    let entries: std::io::Result<Vec<_>> = read();
    let mut entries = entries.with_context(|| format!("cannot list {}", path.display()))?;
    entries.sort();
    let mut files = Vec::new();
    for entry in entries {
        files.extend(files_below(&entry)?);
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_added_below_changes_the_hash() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a"), "1").unwrap();
        let hash = || Hasher::default().tree(dir.path()).unwrap().hex();
        let before = hash();
        assert_eq!(before, hash());
        fs::create_dir(dir.path().join("sub")).unwrap();
        fs::write(dir.path().join("sub/b"), "2").unwrap();
        assert_ne!(before, hash());
    }

    #[test]
    fn neighbours_do_not_run_together() {
        let one = Hasher::default().text("ab").text("c").hex();
        assert_ne!(one, Hasher::default().text("a").text("bc").hex());
    }
}
