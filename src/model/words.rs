//! Words that scripts and the store read, a word for each variant of an enum.

/// A word of the store and of JSON for each variant.
macro_rules! words {
    ($name:ident: $($variant:ident $word:literal),* $(,)?) => {
        impl $name {
            /// All of them, in the order they are documented.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$variant),*];

            /// The word, in the store and in JSON.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// The one of that word.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|one| one.as_str() == word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
