//! Notices by e-mail, through an SMTP server.

use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::Error as SmtpError;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::destination::{Destination, TIME_LIMIT};
use crate::domain::delivery::{Outcome, Parcel, Receipt};
use crate::domain::notice::Template;

/// Sends through one server.
pub struct Email {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Email {
    /// A server named by a URL (`smtp://`, `smtps://`, `smtp://…?tls=required`) and the sender.
    ///
    /// # Errors
    /// When the URL or the sender cannot be read.
    pub fn new(url: &str, from: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)?.timeout(Some(TIME_LIMIT)).build();
        Ok(Self { server, from: from.parse()? })
    }

    async fn attempt(&self, parcel: &Parcel) -> Receipt {
        let Some(message) = self.message(parcel) else {
            return Receipt::unanswered(Outcome::Refused, "bad_address");
        };
        match tokio::time::timeout(TIME_LIMIT, self.server.send(message)).await {
            Ok(Ok(_)) => Receipt::answered(Outcome::Delivered, 250),
            Ok(Err(error)) => failed(&error),
            Err(_) => Receipt::unanswered(Outcome::Failed, "timeout"),
        }
    }

    /// The message; `None` when it is addressed to what is no address. Its identifier is the same at every attempt.
    fn message(&self, parcel: &Parcel) -> Option<Message> {
        let notice: Template = serde_json::from_str(&parcel.body).ok()?;
        let to: Address = parcel.to.parse().ok()?;
        let sent = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(parcel.unix_time).ok()?);
        let id = format!("<{}@{}>", parcel.id, self.from.email.domain());
        let message = Message::builder().from(self.from.clone()).to(Mailbox::new(None, to)).subject(notice.subject);
        message.message_id(Some(id)).date(sent).header(ContentType::TEXT_PLAIN).body(notice.text).ok()
    }
}

impl Destination for Email {
    fn send<'a>(&'a self, parcel: &'a Parcel) -> BoxFuture<'a, Receipt> {
        Box::pin(self.attempt(parcel))
    }
}

/// What the server refuses for good (5xx) is not tried again.
fn failed(error: &SmtpError) -> Receipt {
    let outcome = if error.is_permanent() { Outcome::Refused } else { Outcome::Failed };
    match error.status() {
        Some(code) => Receipt::answered(outcome, u16::from(code)),
        None if error.is_timeout() => Receipt::unanswered(outcome, "timeout"),
        None => Receipt::unanswered(outcome, "unreachable"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parcel(to: &str, subject: &str) -> Parcel {
        let notice = Template { subject: subject.to_owned(), text: "Hồ sơ đã có kết quả.".to_owned() };
        Parcel {
            id: "0190".to_owned(),
            kind: "ready".to_owned(),
            to: to.to_owned(),
            keys: Vec::new(),
            body: serde_json::to_string(&notice).unwrap(),
            unix_time: 1_772_416_800,
        }
    }

    #[test]
    fn no_header_can_be_slipped_in() {
        let email = Email::new("smtp://127.0.0.1:25", "Một cửa <motcua@example.vn>").unwrap();
        for to in ["a@example.vn\r\nBcc: x@example.vn", "a@example.vn, x@example.vn", "<a@example.vn>", "a", ""] {
            assert!(email.message(&parcel(to, "Hồ sơ")).is_none(), "{to}");
        }
        for subject in ["Hồ sơ\r\nBcc: x@example.vn", "Ho so\r\nBcc: x@example.vn", "a\nBcc: x@example.vn\r\n\r\nb"]
        {
            let Some(message) = email.message(&parcel("a@example.vn", subject)) else { continue };
            let text = String::from_utf8(message.formatted()).unwrap();
            let headers = text.split("\r\n\r\n").next().unwrap();
            assert!(!headers.lines().any(|line| line.starts_with("Bcc")), "{headers}");
        }
    }
}
