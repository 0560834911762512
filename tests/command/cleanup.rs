use insta::assert_json_snapshot;
use tests::both_databases;

use crate::shell::Shell;

both_databases!(run by crate::shell::run: what_would_go_goes);

async fn what_would_go_goes(shell: Shell) -> Shell {
    shell.demo();
    let with =
        |more: &[&str]| shell.json(&[&["cleanup", "--session-retention", "90d"], more].concat());
    let dry = with(&["--dry-run"]);
    assert_json_snapshot!("dry_run", dry, { ".seconds" => "[seconds]" });
    let done = with(&[]);
    assert_eq!(done["removed"], dry["removed"]);
    assert_eq!(with(&[])["removed"]["sessions"], 0);
    shell
}
