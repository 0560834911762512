//! Which passwords may be chosen.
//!
//! By NIST SP 800-63B, 3.1.1.2: a length and a list of what everyone chooses, no rules of
//! composition. The list is zxcvbn's, which also knows keyboards, years, repeats and the like.

use shared::user::PublicUser;
use zxcvbn::{Score, zxcvbn};

use super::{MIN_CHARS, hash::normal};

/// Characters that are judged at once. A password is as good as its best stretch of them: what the
/// judging costs grows with the square, and a long password may well begin or end with a word.
const STRETCH: usize = 16;

/// What the list lacks: what is common in China, and our own name.
const COMMON_HERE: [&str; 8] =
    ["woaini", "5201314", "1314520", "1314521", "5211314", "aini1314", "caonima", "drawbridge"];

/// Why a password may not be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// As it is hashed it has under [`MIN_CHARS`] characters.
    #[error("has under {MIN_CHARS} characters")]
    Short,
    /// It would be among the first million that anyone tries.
    #[error("is too common or too easy to guess")]
    Common,
}

/// What anyone would try who knows the account.
#[derive(Clone, Copy, Debug, Default)]
pub struct About<'a> {
    /// Mobile number.
    pub mobile: Option<&'a str>,
    /// E-mail address.
    pub email: Option<&'a str>,
    /// Display name.
    pub nickname: &'a str,
}

impl<'a> From<&'a PublicUser> for About<'a> {
    fn from(user: &'a PublicUser) -> Self {
        Self {
            mobile: user.mobile.as_deref(),
            email: user.email.as_deref(),
            nickname: &user.nickname,
        }
    }
}

/// Checks a password that someone chooses for an account. Takes a millisecond or so.
///
/// # Errors
/// Why it may not be chosen; for the field that it came in.
pub fn check_new(password: &str, about: &About<'_>) -> Result<(), WeakPassword> {
    let password = normal(password);
    let chars: Vec<char> = password.chars().collect();
    if chars.len() < MIN_CHARS {
        return Err(WeakPassword::Short);
    }
    let email = about.email.map(normal);
    let (mobile, nickname) = (about.mobile.map(normal), normal(about.nickname));
    let known: Vec<&str> = COMMON_HERE
        .into_iter()
        .chain(mobile.as_deref())
        .chain(email.as_deref())
        .chain(email.as_deref().and_then(|email| email.split('@').next()))
        .chain([nickname.as_ref()])
        .filter(|word| !word.is_empty())
        .collect();
    // A long one is no single stretch.
    let own = password.to_lowercase();
    if known.iter().any(|word| word.to_lowercase() == own) {
        return Err(WeakPassword::Common);
    }
    let strong = |stretch: &[char]| {
        zxcvbn(&stretch.iter().collect::<String>(), &known).score() >= Score::Two
    };
    if chars.chunks(STRETCH).any(strong) { Ok(()) } else { Err(WeakPassword::Common) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: About<'_> = About {
        mobile: Some("13612227930"),
        email: Some("ana.maria@example.com"),
        nickname: "小明同学",
    };

    #[test]
    fn what_everyone_chooses_is_refused() {
        for common in [
            "password",
            "PASSWORD1",
            "p@ssw0rd",
            "12345678",
            "aaaaaaaa",
            "qwertyuiop",
            "1qaz2wsx",
            "a123456789",
            "woaini1314",
            "woaini5201314",
            "5201314520",
            "iloveyou123",
            "20020202",
            "ｐａｓｓｗｏｒｄ１",
            "Drawbridge1",
            "abcdefghijklmnopqrstuvwxyz",
        ] {
            assert_eq!(check_new(common, &About::default()), Err(WeakPassword::Common), "{common}");
        }
        let long = "a".repeat(128);
        assert_eq!(check_new(&long, &About::default()), Err(WeakPassword::Common));
    }

    #[test]
    fn what_the_account_itself_says_is_refused() {
        for own in [
            "13612227930",
            "1361222793013612227930",
            "ana.maria",
            "Ana.Maria1",
            "ana.maria@example.com",
            "小明同学小明同学",
            "小明同学1234",
        ] {
            assert_eq!(check_new(own, &ANA), Err(WeakPassword::Common), "{own}");
        }
        // Another's is as good as any.
        assert_eq!(check_new("ana.maria@example.com", &About::default()), Ok(()));
    }

    #[test]
    fn length_counts_what_is_hashed() {
        assert_eq!(check_new("k8#mQz!", &ANA), Err(WeakPassword::Short));
        assert_eq!(check_new("k8#mQz!p", &ANA), Ok(()));
        // Eight code points that are four characters, each with its accent apart.
        assert_eq!(check_new("e\u{301}o\u{308}u\u{308}a\u{300}", &ANA), Err(WeakPassword::Short));
    }

    #[test]
    fn one_good_stretch_is_enough_wherever_it_is() {
        assert_eq!(check_new("correct horse battery", &ANA), Ok(()));
        assert_eq!(check_new("我的猫喜欢在早上喝咖啡", &ANA), Ok(()));
        assert_eq!(check_new(&format!("{}k8#mQz!pV2xw", "a".repeat(32)), &ANA), Ok(()));
        assert_eq!(check_new(&"🦀🐈🌧🚲".repeat(2), &ANA), check_new(&"🦀🐈🌧🚲".repeat(2), &ANA));
    }
}
