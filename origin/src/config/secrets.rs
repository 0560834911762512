//! That no two settings hold one secret.

use super::{ConfigError, RANDOM_CURE, ServeArgs};

/// Of one secret in two places, one leak would be several. A key that is listed twice within a setting is for the
/// list's own reading to tell.
///
/// # Errors
/// Names the two settings.
pub(super) fn none_twice(args: &ServeArgs) -> Result<(), ConfigError> {
    let lists = [
        ("EDGE_TO_ORIGIN_KEY", &args.edge_to_origin_key),
        ("ORIGIN_TO_EDGE_KEY", &args.origin_to_edge_key),
        ("DEVICE_TOKEN_KEY", &args.device_token_key),
        ("REFRESH_TOKEN_KEYS", &args.refresh_token_keys),
    ];
    let all: Vec<(&'static str, &str)> = lists
        .into_iter()
        .filter_map(|(setting, list)| Some((setting, list.as_deref()?)))
        .flat_map(|(setting, list)| list.split(',').map(move |entry| (setting, entry)))
        // As they are read; what is blank is told to be missing.
        .map(|(setting, value)| (setting, value.trim()))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    for (index, (setting, value)) in all.iter().enumerate() {
        let same = |(other, known): &&(&str, &str)| other != setting && known == value;
        if let Some((other, _)) = all[index + 1..].iter().find(same) {
            return Err(ConfigError {
                setting,
                problem: format!(
                    "is the same as what {other} has, so that one leak would be several"
                ),
                cure: RANDOM_CURE,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::config::Config;

    #[derive(clap::Parser)]
    struct Cli {
        #[command(flatten)]
        serve: ServeArgs,
    }

    #[test]
    fn a_secret_that_is_set_twice_is_refused_with_both_settings() {
        let args = |secrets: [&str; 4]| {
            let mut args = Cli::parse_from(["origin"]).serve;
            let [edge, origin, device, refresh] = secrets.map(|text| Some(text.to_owned()));
            (args.edge_to_origin_key, args.origin_to_edge_key) = (edge, origin);
            (args.device_token_key, args.refresh_token_keys) = (device, refresh);
            args
        };
        assert!(none_twice(&args(["a", "b", "c", "d, e"])).is_ok());
        // Each is refused by itself, as missing or as listed twice.
        assert!(none_twice(&args(["", " ", "", ",d,d,"])).is_ok());
        let (edge, origin) = ("EDGE_TO_ORIGIN_KEY", "ORIGIN_TO_EDGE_KEY");
        let (device, refresh) = ("DEVICE_TOKEN_KEY", "REFRESH_TOKEN_KEYS");
        for (secrets, setting, other) in [
            (["same", " same\n", "c", "d"], edge, origin),
            (["same ", "b", "same", "d"], edge, device),
            (["a", "same", "\tsame", "d"], origin, device),
            (["same", "b", "c", "same"], edge, refresh),
            (["a", "same", "c", "d,same "], origin, refresh),
            (["a", "b", "same", "d, e, same"], device, refresh),
            (["a, same", "b, same", "c", "d"], edge, origin),
        ] {
            let told = Config::try_from(args(secrets)).err().unwrap().to_string();
            let expected = format!("{setting} is the same as what {other} has");
            assert!(told.starts_with(&expected), "{told}");
            assert!(!told.contains("same,") && told.contains("Make one with"), "{told}");
        }
    }
}
