//! Enums that travel as fixed words: in JSON, in columns and in query strings.

/// A text that is none of an enum's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not one of {words}")]
pub struct UnknownWord {
    /// What was read.
    pub text: String,
    /// The words that would have been accepted.
    pub words: String,
}

/// Declares an enum whose variants are fixed words on the wire and in the database.
macro_rules! wire_enum {
    ($(#[doc = $about:literal])* $name:ident { $($(#[doc = $doc:literal])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[doc = $about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[doc = $doc])* $variant),+ }

        $crate::wire_enum::as_words!($name);
        $crate::wire_enum::documented!($name, [$($about),*], [$($word: [$($doc),*]),+]);

        impl $name {
            /// Every variant, in the order of declaration.
            pub const ALL: [Self; [$(Self::$variant),+].len()] = [$(Self::$variant),+];

            /// The word that stands for this variant.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::wire_enum::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::from_word(text).ok_or_else(|| {
                    $crate::wire_enum::UnknownWord {
                        text: text.chars().take(64).collect(),
                        words: [$($word),+].join(", "),
                    }
                })
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::wire_enum::UnknownWord;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use wire_enum;

/// Has an enum with `ALL` and `as_str` travel as its words. By hand, because what serde derives is
/// larger, and the edge carries every byte of it to every place.
macro_rules! as_words {
    ($name:ident) => {
        impl $name {
            /// The variant that a word stands for.
            #[must_use]
            pub fn from_word(text: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|word| word.as_str() == text)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::from_word(&text).ok_or_else(|| serde::de::Error::custom("unknown word"))
            }
        }
    };
}
pub(crate) use as_words;

/// Says in the API's document which words there are, and what each means.
macro_rules! documented {
    ($name:ident, [$($about:literal),*], [$($word:literal: [$($doc:literal),*]),+]) => {
        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                let about = [$($about),*].concat();
                let words = [$(concat!("- `", $word, "`:", $($doc),*)),+].join("\n");
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .enum_values(Some([$($word),+]))
                    .description(Some(format!("{}\n\n{words}", about.trim())))
                    .into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}
    };
}
pub(crate) use documented;
