//! The words and rules of the partnership, and nothing else: no IO, no clock, no SQL, no GraphQL.
//!
//! An *entry* is one thing that people write and review: a state, a working group, a practice. It has a
//! *kind*, a *code* that people know it by (ISO 3166 for a state, `IV.a.ii` for a provision), and an
//! [`Id`](id::Id) made of the two. Entries name each other by code; [`graph`](crate::graph) turns codes into edges.
//!
//! | file | words |
//! |---|---|
//! | [`word`] | closed lists of words ("enums") with their names and meanings |
//! | [`id`], [`date`], [`text`] | identity; calendar dates of any precision; languages, citations |
//! | [`contact`] | offices that answer |
//! | [`party`], [`group`], [`document`], [`flow`], [`practice`], [`meeting`], [`figure`] | one concept each |
//! | [`viewer`], [`key`], [`subject`] | who asks, and what that lets him do; the keys that prove it; who is one pair of eyes |
//! | [`audience`], [`contribution`] | how far an entry may travel; its way from draft to there |
//! | [`fact`] | facts of publishers' files, series, and the ids of figures |
//! | [`series`], [`forecast`] | figures through time, and what may come next |
//! | [`suppression`] | which small numbers are held back, and from whom |
//! | [`entry`] | the concepts under one roof |
//! | [`catalogue`] | the files that people edit, read and checked |
//! | [`publisher`] | the files that publishers of statistics put out, read and checked |

pub mod audience;
pub mod catalogue;
pub mod contact;
pub mod contribution;
pub mod date;
pub mod document;
pub mod entry;
pub mod fact;
pub mod figure;
pub mod flow;
pub mod forecast;
pub mod group;
pub mod id;
pub mod key;
pub mod meeting;
pub mod party;
pub mod practice;
pub mod publisher;
pub mod series;
pub mod subject;
pub mod suggest;
pub mod suppression;
pub mod text;
pub mod viewer;
pub mod word;
