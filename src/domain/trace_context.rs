//! The context of a trace as W3C Trace Context writes it in `traceparent`: which trace, which piece of work in it.

use std::fmt;

/// Where a piece of work stands in a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace.
    pub trace: u128,
    /// The piece of work.
    pub span: u64,
    /// Whether it is recorded.
    pub is_sampled: bool,
}

impl TraceContext {
    /// Reads a `traceparent`; what is none, by section 3.2 of the recommendation, is as if it had not come.
    pub fn read(header: &str) -> Option<Self> {
        let (version, rest) = header.split_once('-')?;
        let (trace, rest) = rest.split_once('-')?;
        let (span, rest) = rest.split_once('-')?;
        // Later versions may say more behind a dash.
        let flags = match rest.split_once('-') {
            Some((flags, _)) if version != "00" => flags,
            Some(_) => return None,
            None => rest,
        };
        let number = |digits: &str, length: usize| {
            let is_hex = digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
            (digits.len() == length && is_hex).then(|| u128::from_str_radix(digits, 16).ok()).flatten()
        };
        let (version, flags) = (number(version, 2)?, number(flags, 2)?);
        let (trace, span) = (number(trace, 32)?, u64::try_from(number(span, 16)?).ok()?);
        (version != 0xff && trace != 0 && span != 0).then_some(Self { trace, span, is_sampled: flags & 1 == 1 })
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, u8::from(self.is_sampled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_recommendation_allows_and_nothing_else() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let read = TraceContext::read(good).unwrap();
        assert_eq!((read.trace, read.span), (0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c, 0xb7ad_6b71_6920_3331));
        assert!(read.is_sampled);
        assert_eq!(read.to_string(), good);
        assert!(!TraceContext::read("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-02").unwrap().is_sampled);
        // A later version, which says more.
        assert_eq!(TraceContext::read(&good.replacen("00", "cc", 1)), Some(read));
        assert_eq!(TraceContext::read(&format!("{}-what-comes", good.replacen("00", "cc", 1))), Some(read));
        for bad in [
            "",
            "00",
            &format!("{good}-more"),
            &good.replacen("00", "ff", 1),
            &good.to_uppercase(),
            &good.replace("0af7651916cd43dd8448eb211c80319c", "00000000000000000000000000000000"),
            &good.replace("b7ad6b7169203331", "0000000000000000"),
            &good.replace("b7ad6b7169203331", "b7ad6b716920333"),
            &good.replace("-01", "-1"),
            &good.replace("0af7", "+af7"),
        ] {
            assert_eq!(TraceContext::read(bad), None, "{bad}");
        }
    }
}
