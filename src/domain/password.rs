//! Which passwords are taken: by length, not the user's name, none of those that everybody tries first.
//!
//! After NIST SP 800-63B section 5.1.1.2: length and a list of common values, and no rules about kinds of characters.

/// Shortest password, in characters.
const SHORTEST: usize = 10;
/// Longest password, in bytes: hashing is not to be fed novels.
const LONGEST: usize = 200;
/// So many characters must remain of a password without the user's name.
const BESIDE_NAME: usize = 8;
/// A password of fewer different characters is a pattern.
const FEWEST_DIFFERENT: usize = 4;

/// What people take first, without diacritics, spaces and signs; digits before and after make no difference.
const COMMON: &[&str] = &[
    "abc",
    "abcd",
    "abcdef",
    "abcdefgh",
    "abcdefghij",
    "admin",
    "administrator",
    "anhyeuem",
    "asdf",
    "asdfgh",
    "asdfghjkl",
    "asdfghjklzxcvbnm",
    "changeme",
    "chuyenvien",
    "congchuc",
    "congdichvu",
    "dangnhap",
    "default",
    "dichvucong",
    "emyeuanh",
    "football",
    "hanoi",
    "hochiminh",
    "hososo",
    "iloveyou",
    "khongbiet",
    "khongco",
    "khongnho",
    "letmein",
    "login",
    "matkhau",
    "matkhaucuatoi",
    "matkhaumacdinh",
    "matkhaumoi",
    "motcua",
    "motcuadientu",
    "motcualienthong",
    "mypassword",
    "newpassword",
    "p@ssword",
    "pass",
    "passw0rd",
    "password",
    "passwordpassword",
    "princess",
    "q1w2e3r4",
    "q1w2e3r4t",
    "q1w2e3r4t5",
    "qaz2wsx3edc",
    "qazwsx",
    "qazwsxedc",
    "qwer",
    "qwert",
    "qwerty",
    "qwertyqwerty",
    "qwertyu",
    "qwertyui",
    "qwertyuio",
    "qwertyuiop",
    "qwertyuiopasdfghjkl",
    "saigon",
    "secret",
    "sunshine",
    "superadmin",
    "test",
    "testtest",
    "thanhpho",
    "thudo",
    "tiepnhan",
    "tiepnhanhoso",
    "toiyeuem",
    "toiyeuvietnam",
    "ubnd",
    "user",
    "username",
    "vietnam",
    "vietnamvodich",
    "welcome",
    "xinchao",
    "yeuem",
    "zaq1xsw2cde",
    "zxcvbn",
    "zxcvbnm",
    "qaz2wsx",
    "w2e3r4t5",
    "matkhaumatkhau",
    "adminadmin",
    "anhyeuemnhieulam",
    "emyeuanhnhieulam",
    "vietnammuonnam",
    "trungtamhanhchinhcong",
    "hanhchinhcong",
    "botiepnhanvatraketqua",
    "traketqua",
];

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// Too short, or too long.
    Length,
    /// Little more than the name it is to protect.
    Name,
    /// Among those tried first.
    Common,
}

impl Weakness {
    /// The stable code clients rely on.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Length => "weak_password",
            Self::Name => "password_is_name",
            Self::Common => "common_password",
        }
    }
}

/// Checks a password; `folded` are it and the user's name in lower case without diacritics.
///
/// # Errors
/// The first [`Weakness`].
pub fn check(password: &str, (folded, folded_name): (&str, &str)) -> Result<(), Weakness> {
    if password.chars().count() < SHORTEST || password.len() > LONGEST {
        return Err(Weakness::Length);
    }
    let (plain, name) = (plain(folded), plain(folded_name));
    if !name.is_empty() && plain.contains(&name) && plain.replace(&name, "").chars().count() < BESIDE_NAME {
        return Err(Weakness::Name);
    }
    let mut different: Vec<char> = folded.chars().collect();
    different.sort_unstable();
    different.dedup();
    let word = plain.trim_matches(|character: char| character.is_ascii_digit());
    if different.len() < FEWEST_DIFFERENT || is_run(&plain) || COMMON.contains(&word) {
        return Err(Weakness::Common);
    }
    Ok(())
}

/// Letters and digits alone.
fn plain(text: &str) -> String {
    text.chars().filter(|character| character.is_alphanumeric()).collect()
}

/// Whether digits go up or down one by one, past 9 and 0, e.g. `1234567890`.
fn is_run(text: &str) -> bool {
    let digits: Option<Vec<u32>> = text.chars().map(|character| character.to_digit(10)).collect();
    let goes = |digits: &[u32], step: u32| digits.windows(2).all(|pair| (pair[0] + step) % 10 == pair[1]);
    digits.is_some_and(|digits| goes(&digits, 1) || goes(&digits, 9))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(password: &str, name: &str) -> Result<(), Weakness> {
        check(password, (&password.to_lowercase(), name))
    }

    #[test]
    fn length_name_and_what_everybody_tries_are_refused() {
        for (password, weakness) in [
            ("ngan-ngui", Weakness::Length),
            (&"x".repeat(201), Weakness::Length),
            ("tranvanbinh", Weakness::Name),
            ("TranVanBinh123", Weakness::Name),
            ("tran.van.binh@2026", Weakness::Name),
            ("1234567890", Weakness::Common),
            ("0987654321", Weakness::Common),
            ("1111111111", Weakness::Common),
            ("ababababab", Weakness::Common),
            ("Password@123", Weakness::Common),
            ("matkhau2026", Weakness::Common),
            ("qwertyuiop", Weakness::Common),
            ("1qaz2wsx3edc", Weakness::Common),
        ] {
            assert_eq!(checked(password, "tranvanbinh"), Err(weakness), "{password}");
        }
        for password in ["con ngựa ăn khoai lang", "tranvanbinh đi chợ sớm", "8401736295", "mat khau de thu"] {
            assert_eq!(checked(password, "tranvanbinh"), Ok(()), "{password}");
        }
        assert_eq!(checked("lan lên núi hái hoa", "lan"), Ok(()));
    }
}
