//! A system on the adopted database of an old back end.

use std::{fs, sync::Arc};

use serde_json::Value;

use super::{System, tell};
use crate::old::{Old, legacy_key};

/// Tells a story on a database that the old back end goes on using; `origin adopt` has been run on it.
pub async fn run_adopted<F: Future<Output = ()> + Send + 'static>(
    story: impl FnOnce(System, Old) -> F,
) {
    let old = Old::create_now().await;
    let mut system = System::lay_out(Arc::clone(&old.database), old.db().await);
    for (name, value) in [
        ("DATABASE_TIME_ZONE", "+08:00".to_owned()),
        ("OLD_BACK_END_BESIDE", "true".to_owned()),
        ("ADOPTED_BCRYPT_COST", "4".to_owned()),
    ] {
        system.origin_options.env.push((name.to_owned(), value));
    }
    system.take_the_old_key();
    system.operator(&["adopt"], "").await.expect("the database is adopted");
    system.start_origin();
    system.start_edge();
    tell(system, |system| story(system, old)).await;
}

impl System {
    /// Puts the old back end's secret among the keys of both sides, as docs/keys.md says.
    fn take_the_old_key(&mut self) {
        let file = self.jwt_keys_file().to_owned();
        let with_it = |set: &str| {
            let mut set: Value = serde_json::from_str(set).expect("a set of keys");
            set["keys"].as_array_mut().expect("a list of keys").push(legacy_key());
            set.to_string()
        };
        let private = fs::read_to_string(&file).expect("the origin's keys");
        fs::write(&file, with_it(&private)).expect("the origin's keys");
        let public = &mut self.edge_options.secrets.jwt_public_keys;
        *public = with_it(public);
    }
}
