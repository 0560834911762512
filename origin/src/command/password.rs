//! Where a password comes from: never from an argument, which everyone may see who lists processes.

use std::{
    fs::File,
    io::{IsTerminal as _, Read},
    path::PathBuf,
};

use anyhow::Context as _;
use clap::Args;

use super::{Exit, Failure};
use crate::clock::Ambient;

/// More bytes than any password that is allowed has.
const MAX_PASSWORD_BYTES: u64 = 4096;

/// Where a password comes from; one that is made up where nothing is said.
#[derive(Args)]
#[group(multiple = false)]
#[command(next_help_heading = "Password (made up and printed once, where none of these is given)")]
pub struct PasswordArgs {
    /// Read the password from standard input
    #[arg(long = "password-stdin")]
    stdin: bool,

    /// Read the password from a file
    #[arg(long = "password-file", value_name = "FILE")]
    file: Option<PathBuf>,

    /// Ask for the password at the terminal, without showing it
    #[arg(long = "password-prompt")]
    prompt: bool,
}

impl PasswordArgs {
    /// The password, and the same where it was made up, to be shown.
    pub fn get(&self, ambient: &Ambient) -> anyhow::Result<(String, Option<String>)> {
        let given = if self.stdin {
            read(std::io::stdin()).context("cannot read a password from standard input")?
        } else if let Some(file) = &self.file {
            let what = || format!("cannot read a password from {}", file.display());
            read(File::open(file).with_context(what)?).with_context(what)?
        } else if self.prompt {
            prompt()?
        } else {
            let password = ambient.unique_name();
            return Ok((password.clone(), Some(password)));
        };
        Ok((given, None))
    }
}

fn read(from: impl Read) -> anyhow::Result<String> {
    let mut text = String::new();
    from.take(MAX_PASSWORD_BYTES).read_to_string(&mut text)?;
    // The line's end is the terminal's; spaces are the password's.
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn prompt() -> anyhow::Result<String> {
    if !std::io::stdin().is_terminal() {
        let what = "there is no terminal to ask for a password at";
        let cure = "Give it by --password-stdin or --password-file";
        return Err(Failure::new(Exit::Usage, what, cure).into());
    }
    let ask = |text| rpassword::prompt_password(text).context("cannot read a password");
    let (first, again) = (ask("Password: ")?, ask("The same again: ")?);
    if first != again {
        return Err(Failure::new(Exit::Refused, "the two are not the same", "Try again").into());
    }
    Ok(first)
}
