//! How much each may ask: a bucket of points that fills up steadily, from which every operation takes its cost.
//!
//! Whoever proved who he is has a bucket by his party and subject (offices of two parties may be called alike), everyone
//! else one by the address that the connection comes from; so a flood of strangers empties no member's bucket. Buckets are few: those that nobody asked for a long time
//! are forgotten, which only fills them. Each node counts for itself.
//!
//! Our own and not a library's, as an operation takes hundreds of points at once and the answer tells what is left.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::time::Instant;

use crate::domain::viewer::{Member, Viewer};
use crate::sync::{Cache, Mutex, MutexGuard};

use super::refusal::{Refusal, code};
use super::settings::Settings;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// So many buckets of each sort are remembered.
const BUCKETS: usize = 50_000;

/// Where a connection comes from; the server notes it on each request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub IpAddr);

/// The buckets of all.
pub(super) struct Rates {
    member: Rate,
    stranger: Rate,
    members: Cache<String, Arc<Mutex<Bucket>>>,
    strangers: Cache<u128, Arc<Mutex<Bucket>>>,
    client_header: Option<HeaderName>,
}

/// How large a bucket is, and in which time it fills up.
#[derive(Debug, Clone, Copy)]
struct Rate {
    points: u64,
    time: Duration,
}

/// What is in a bucket, as of when.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    points: f64,
    at: Instant,
}

/// Whose bucket it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Who {
    /// Someone who proved who he is: his party and his subject, as [`holder`] writes them.
    Member(String),
    /// Whoever comes from an address, or a network of IPv6.
    Stranger(u128),
}

/// One request's place at its bucket.
pub(super) struct Ticket {
    who: Who,
    rate: Rate,
    bucket: Arc<Mutex<Bucket>>,
    left: Option<Left>,
}

/// What an operation took, and what it left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Left {
    pub limit: u64,
    pub cost: u64,
    pub remaining: u64,
    /// Seconds until the bucket is full again.
    pub reset: u64,
}

impl Rates {
    pub fn new(settings: &Settings) -> Self {
        let rate = |points| Rate { points, time: settings.rate_time.0 };
        Self {
            member: rate(settings.rate_points),
            stranger: rate(settings.rate_points_anonymous),
            members: Cache::new(BUCKETS),
            strangers: Cache::new(BUCKETS),
            client_header: settings.client_header.parse().ok(),
        }
    }

    /// The place of a request.
    pub fn ticket(&self, viewer: &Viewer, peer: Option<Peer>, headers: &HeaderMap) -> Ticket {
        match viewer {
            Viewer::Member(member) => {
                let full = || Ok::<_, ()>(self.member.full());
                let holder = holder(member);
                // The closure cannot fail.
                let bucket = self.members.get_or_insert_with(holder.as_str(), full).unwrap_or_else(|()| self.member.full());
                Ticket { who: Who::Member(holder), rate: self.member, bucket, left: None }
            }
            Viewer::Anonymous => {
                let full = || Ok::<_, ()>(self.stranger.full());
                let block = block(self.address(peer, headers));
                let bucket = self.strangers.get_or_insert_with(&block, full).unwrap_or_else(|()| self.stranger.full());
                Ticket { who: Who::Stranger(block), rate: self.stranger, bucket, left: None }
            }
        }
    }

    /// Takes a point for a credential that is not accepted, from the bucket of the address that it came from, as who sent it
    /// is not known; what is answered then. Good ones from there are not hindered: a stranger could else lock out whoever
    /// shares an address with him.
    pub fn guess(&self, peer: Option<Peer>, headers: &HeaderMap, refusal: Refusal) -> Refusal {
        let mut ticket = self.ticket(&Viewer::anonymous(), peer, headers);
        ticket.take(1).err().unwrap_or(refusal)
    }

    /// Which client sends a request, whoever he proves to be.
    pub fn client(&self, peer: Option<Peer>, headers: &HeaderMap) -> u128 {
        block(self.address(peer, headers))
    }

    /// The client's address: what a proxy in front says, where the settings trust one, else the connection's.
    fn address(&self, peer: Option<Peer>, headers: &HeaderMap) -> IpAddr {
        // The last one is what our own proxy saw; those before it are what it was told.
        let told =
            self.client_header.as_ref().and_then(|name| headers.get_all(name).iter().next_back()?.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
        told.or(peer.map(|peer| peer.0)).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
    }
}

/// What counts as one holder of keys and tokens. No code of a party has a line break.
fn holder(member: &Member) -> String {
    format!("{}\n{}", member.party, member.subject)
}

/// What counts as one client: an address of IPv4, and a network of IPv6, of which one client has all addresses.
pub(super) fn block(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => Ipv6Addr::to_bits(address) >> 64 << 64,
    }
}

impl Rate {
    fn full(self) -> Arc<Mutex<Bucket>> {
        Arc::new(Mutex::new(Bucket { points: float(self.points), at: Instant::now() }))
    }

    /// What is in a bucket at an instant.
    fn points(self, bucket: Bucket, now: Instant) -> f64 {
        let share = now.saturating_duration_since(bucket.at).as_secs_f64() / self.time.as_secs_f64();
        (bucket.points + share * float(self.points)).min(float(self.points))
    }

    /// Whole seconds until a bucket with so many points has so many.
    fn wait(self, points: f64, wanted: f64) -> u64 {
        whole(((wanted - points) / float(self.points) * self.time.as_secs_f64()).ceil())
    }
}

#[expect(clippy::cast_precision_loss, reason = "settings keep points far below where it begins")]
fn float(points: u64) -> f64 {
    points as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
fn whole(number: f64) -> u64 {
    number.max(0.0) as u64
}

impl Ticket {
    /// Whose bucket it is at.
    pub const fn who(&self) -> &Who {
        &self.who
    }

    /// Whether there is anything left at all: whoever has used up his points costs no look at what he sends.
    pub fn check(&mut self) -> Result<(), Refusal> {
        self.check_at(Instant::now())
    }

    fn check_at(&mut self, now: Instant) -> Result<(), Refusal> {
        let points = self.rate.points(*self.lock(), now);
        if points >= 1.0 { Ok(()) } else { Err(self.refuse(points, 1)) }
    }

    /// Takes the cost of an operation: all of it, or nothing where so much is not there.
    pub fn take(&mut self, cost: u64) -> Result<Left, Refusal> {
        self.take_at(cost, Instant::now())
    }

    fn take_at(&mut self, cost: u64, now: Instant) -> Result<Left, Refusal> {
        let limit = self.rate.points;
        if cost > limit {
            let message = format!(
                "The operation costs {cost} points, more than the {limit} that one client may ever use at once; ask for smaller pages or fewer levels."
            );
            return Err(Refusal::document(code::LIMIT_COST, message));
        }
        let (points, is_enough) = {
            let mut bucket = self.lock();
            let points = self.rate.points(*bucket, now);
            let is_enough = points >= float(cost);
            let points = if is_enough { points - float(cost) } else { points };
            *bucket = Bucket { points, at: now };
            (points, is_enough)
        };
        if !is_enough {
            return Err(self.refuse(points, cost));
        }
        let left = self.left(points, cost);
        self.left = Some(left);
        Ok(left)
    }

    /// Takes what an operation turned out to cost beyond what was taken for it. It is done already, so that it is not
    /// refused: the bucket may go below nothing, and who emptied it waits until it has filled up.
    pub fn take_beyond(&mut self, more: u64) {
        let Some(left) = self.left.filter(|_| more > 0) else { return };
        let points = {
            let mut bucket = self.lock();
            let now = Instant::now();
            let points = self.rate.points(*bucket, now) - float(more);
            *bucket = Bucket { points, at: now };
            points
        };
        self.left = Some(self.left(points, left.cost.saturating_add(more)));
    }

    /// Gives back what was taken for an operation that was not run.
    pub fn give_back(&mut self, cost: u64) {
        let full = float(self.rate.points);
        let mut bucket = self.lock();
        bucket.points = (bucket.points + float(cost)).min(full);
        drop(bucket);
        self.left = None;
    }

    /// A further place of the same request at its bucket, for what is done elsewhere, or goes on when it is answered.
    pub fn again(&self) -> Self {
        Self { who: self.who.clone(), rate: self.rate, bucket: Arc::clone(&self.bucket), left: self.left }
    }

    /// Goes on after a further place of the same request, which took what the request costs.
    pub fn resume(&mut self, again: &Self) {
        self.left = again.left;
    }

    /// Takes a cost as soon as it is there: what goes on by itself waits where a client would be refused.
    pub async fn take_in_time(&mut self, cost: u64) -> Result<Left, Refusal> {
        loop {
            match self.take(cost) {
                Err(refusal) if refusal.code() == code::THROTTLED => {
                    let missing = float(cost) - self.rate.points(*self.lock(), Instant::now());
                    let time = self.rate.time.mul_f64((missing / float(self.rate.points)).clamp(0.0, 1.0));
                    tokio::time::sleep(time.max(Duration::from_millis(1))).await;
                }
                done => return done,
            }
        }
    }

    fn left(&self, points: f64, cost: u64) -> Left {
        Left { limit: self.rate.points, cost, remaining: whole(points.floor()), reset: self.rate.wait(points, float(self.rate.points)) }
    }

    fn refuse(&mut self, points: f64, cost: u64) -> Refusal {
        self.left = Some(self.left(points, 0));
        let wait = self.rate.wait(points, float(cost)).max(1);
        let message = format!("The operation costs {cost} of {} points, and they are used up; try again in {wait} s.", self.rate.points);
        Refusal::new(StatusCode::TOO_MANY_REQUESTS, code::THROTTLED, message).retry_after(wait)
    }

    fn lock(&self) -> MutexGuard<'_, Bucket> {
        // Two numbers cannot be left half written.
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells a client in headers what `rateLimit` tells in the answer. What was refused before it had a cost takes a point:
    /// looking at it cost something, too.
    pub fn finish(mut self, headers: &mut HeaderMap) {
        if self.left.is_none() {
            let _ = self.take(1);
        }
        let Some(left) = self.left else { return };
        headers.insert(LIMIT, HeaderValue::from(left.limit));
        headers.insert(REMAINING, HeaderValue::from(left.remaining));
        headers.insert(RESET, HeaderValue::from(left.reset));
    }
}

#[cfg(all(test, feature = "interleavings"))]
mod interleavings;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::viewer::Role;

    fn rates(points: u64, anonymous: u64) -> Rates {
        let settings = Settings {
            rate_points: points,
            rate_points_anonymous: anonymous,
            rate_time: "10s".parse().unwrap(),
            client_header: "x-client".into(),
            ..Settings::default()
        };
        Rates::new(&settings)
    }

    fn member(subject: &str) -> Viewer {
        of_party("UZB", subject)
    }

    fn of_party(party: &str, subject: &str) -> Viewer {
        Viewer::Member(Arc::new(Member { party: party.into(), role: Role::FocalPoint, subject: subject.into(), expires_at: None }))
    }

    fn stranger(rates: &Rates, address: &str) -> Ticket {
        rates.ticket(&Viewer::Anonymous, Some(Peer(address.parse().unwrap())), &HeaderMap::new())
    }

    #[test]
    fn a_full_bucket_may_be_emptied_at_once_and_fills_up_steadily() {
        let rates = rates(100, 100);
        let begun = Instant::now() + Duration::from_secs(1);
        let after = |seconds: f64| begun + Duration::from_secs_f64(seconds);
        let mut ticket = rates.ticket(&member("a"), None, &HeaderMap::new());
        assert_eq!(ticket.take_at(60, after(0.0)).unwrap(), Left { limit: 100, cost: 60, remaining: 40, reset: 6 });
        assert_eq!(ticket.take_at(40, after(0.0)).unwrap(), Left { limit: 100, cost: 40, remaining: 0, reset: 10 });
        assert_eq!(ticket.check_at(after(0.0)).unwrap_err().code(), code::THROTTLED);
        assert_eq!(ticket.take_at(31, after(3.0)).unwrap_err().code(), code::THROTTLED, "nothing is taken where not all is there");
        assert_eq!(ticket.take_at(29, after(3.0)).unwrap().remaining, 1);
        assert_eq!(ticket.take_at(1, after(1000.0)).unwrap().remaining, 99, "never more than full");
        assert_eq!(ticket.take_at(101, after(1000.0)).unwrap_err().code(), code::LIMIT_COST);
        // Sustained: of ten times as much as the rate, the rate is served.
        let mut served = 0;
        for step in 0..10_000_u32 {
            let now = after(2000.0 + f64::from(step) / 100.0);
            served += u32::from(ticket.take_at(1, now).is_ok());
        }
        assert!((1095..=1100).contains(&served), "{served} points in 100 s at 10 a second and a bucket of 100");
    }

    #[test]
    fn each_has_a_bucket_of_his_own() {
        let rates = rates(10, 5);
        for n in 0..100 {
            let _ = stranger(&rates, "192.0.2.1").take(5);
            assert!(stranger(&rates, &format!("192.0.2.{}", 100 + n)).take(5).is_ok());
        }
        assert!(stranger(&rates, "192.0.2.1").check().is_err());
        assert!(stranger(&rates, "::ffff:192.0.2.1").check().is_err(), "the same address in other clothes");
        assert_eq!(rates.ticket(&member("a"), Some(Peer("192.0.2.1".parse().unwrap())), &HeaderMap::new()).take(10).unwrap().remaining, 0);
        assert!(rates.ticket(&member("b"), None, &HeaderMap::new()).take(10).is_ok());
        assert!(rates.ticket(&member("a"), None, &HeaderMap::new()).check().is_err(), "whatever he comes from");
        assert!(rates.ticket(&of_party("TUR", "a"), None, &HeaderMap::new()).take(10).is_ok(), "an office of another party");
        assert!(stranger(&rates, "2001:db8::1").take(5).is_ok());
        assert!(stranger(&rates, "2001:db8::2").take(5).is_err(), "one network is one client");
        assert!(stranger(&rates, "2001:db8:0:1::1").take(5).is_ok());
    }

    #[test]
    fn a_proxy_that_is_trusted_names_the_client() {
        let rates = rates(10, 5);
        let proxied = |told: &'static str| {
            let headers = HeaderMap::from_iter([(HeaderName::from_static("x-client"), HeaderValue::from_static(told))]);
            rates.ticket(&Viewer::Anonymous, Some(Peer("192.0.2.1".parse().unwrap())), &headers)
        };
        assert!(proxied("203.0.113.5").take(5).is_ok());
        assert!(proxied("198.51.100.7, 203.0.113.5").take(5).is_err(), "what a client says of itself does not count");
        assert!(proxied("203.0.113.6").take(5).is_ok());
        assert!(proxied("nonsense").take(5).is_ok());
        assert!(stranger(&rates, "192.0.2.1").take(5).is_err(), "nonsense counts for the connection");
    }

    #[test]
    fn a_bad_credential_takes_a_point_of_the_address_until_there_is_none() {
        let rates = rates(10, 3);
        let peer = Some(Peer("192.0.2.1".parse().unwrap()));
        let bad = Refusal::new(StatusCode::UNAUTHORIZED, code::UNAUTHENTICATED, "no.");
        let guess = || rates.guess(peer, &HeaderMap::new(), bad.clone()).code();
        assert_eq!([guess(), guess(), guess(), guess()], [code::UNAUTHENTICATED, code::UNAUTHENTICATED, code::UNAUTHENTICATED, code::THROTTLED]);
        assert!(stranger(&rates, "192.0.2.1").check().is_err() && stranger(&rates, "192.0.2.2").check().is_ok());
        assert!(rates.ticket(&member("a"), peer, &HeaderMap::new()).check().is_ok(), "who proves who he is has his own");
    }

    #[test]
    fn the_headers_tell_what_was_taken_and_a_refused_request_takes_a_point() {
        let rates = rates(10, 10);
        let mut headers = HeaderMap::new();
        let mut ticket = stranger(&rates, "192.0.2.1");
        ticket.take(4).unwrap();
        ticket.finish(&mut headers);
        let told = |headers: &HeaderMap| [LIMIT, REMAINING, RESET].map(|name| headers[name].to_str().unwrap().to_owned());
        assert_eq!(told(&headers), ["10", "6", "4"]);
        stranger(&rates, "192.0.2.1").finish(&mut headers);
        assert_eq!(told(&headers), ["10", "5", "5"]);
    }
}
