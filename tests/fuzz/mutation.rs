//! Valid inputs of the corpus, and what becomes of them under careless and hostile hands.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// What has broken parsers elsewhere.
const ALIEN: &[&str] = &[
    "\0",
    "\u{feff}",
    "\u{202e}",
    "e\u{301}",
    "\u{a0}",
    "\n",
    "\r\n",
    "\\u0000",
    "\\ud800",
    "\"",
    "\\",
    "{}",
    "[]",
    "[[",
    "null",
    "-1",
    "0",
    "1e999",
    "18446744073709551616",
    "99999999999999999999",
    "-",
    "--",
    "%00",
    "%",
    "&",
    "+",
    "2024-02-30",
    "+262142-12-31",
    "9999-12-31T23:59:59-23:59",
    "0000-01-01T00:00:00+23:59",
    "<!DOCTYPE x [<!ENTITY y \"z\">]>",
    "&y;",
    "&#0;",
    "&#xD800;",
    "<![CDATA[",
    "]]>",
    "<!--",
    "<?x?>",
    " xmlns=\"\"",
    "</",
    "\u{10ffff}",
    "𝟙",
    "١",
];

/// One change of a text.
#[derive(Debug, Clone)]
enum Edit {
    Put(Index, Vec<u8>),
    Take(Index, usize),
    Repeat(Index, usize),
    Flip(Index, u8),
    Cut(Index),
}

/// The inputs of a corpus file, one a line.
pub(crate) fn lines(corpus: &str) -> Vec<Vec<u8>> {
    corpus.lines().map(|line| line.as_bytes().to_vec()).collect()
}

/// An input of the corpus with up to six changes, or bytes that have nothing to do with it.
pub(crate) fn mutated(corpus: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let alien = select(ALIEN).prop_map(|text| text.as_bytes().to_vec());
    let piece = select(corpus.clone()).prop_flat_map(|seed| {
        (any::<Index>(), 1..40_usize).prop_map(move |(at, length)| {
            let from = at.index(seed.len().max(1)).min(seed.len());
            seed[from..(from + length).min(seed.len())].to_vec()
        })
    });
    let put = prop_oneof![3 => alien, 2 => piece, 1 => vec(any::<u8>(), 1..4)];
    let edit = prop_oneof![
        3 => (any::<Index>(), put).prop_map(|(at, bytes)| Edit::Put(at, bytes)),
        2 => (any::<Index>(), 1..30_usize).prop_map(|(at, length)| Edit::Take(at, length)),
        1 => (any::<Index>(), 1..60_usize).prop_map(|(at, length)| Edit::Repeat(at, length)),
        2 => (any::<Index>(), any::<u8>()).prop_map(|(at, bits)| Edit::Flip(at, bits)),
        1 => any::<Index>().prop_map(Edit::Cut),
    ];
    let changed = (select(corpus), vec(edit, 0..6)).prop_map(|(seed, edits)| edits.into_iter().fold(seed, apply));
    prop_oneof![20 => changed, 1 => vec(any::<u8>(), 0..200)]
}

fn apply(mut text: Vec<u8>, edit: Edit) -> Vec<u8> {
    let place = |at: Index, text: &[u8]| at.index(text.len() + 1);
    match edit {
        Edit::Put(at, bytes) => {
            let at = place(at, &text);
            text.splice(at..at, bytes);
        }
        Edit::Take(at, length) => {
            let at = place(at, &text);
            text.drain(at..(at + length).min(text.len()));
        }
        Edit::Repeat(at, length) => {
            let at = place(at, &text);
            let piece = text[at..(at + length).min(text.len())].to_vec();
            text.splice(at..at, piece);
        }
        Edit::Flip(at, bits) => {
            let at = place(at, &text);
            if let Some(byte) = text.get_mut(at) {
                *byte ^= bits;
            }
        }
        Edit::Cut(at) => text.truncate(place(at, &text)),
    }
    text
}
