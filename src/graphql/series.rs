//! One measure through time, and what may come next.

use std::sync::Arc;

use async_graphql::{Context, SimpleObject};

use crate::domain::date::PartialDate;
use crate::domain::figure::{Measure, MeasureNature, Observation, ObservationStatus, ValueAvailability};
use crate::domain::forecast::{self, Outlook};
use crate::domain::series::{Break, Interval, Point, breaks, changes, last_stretch, points};
use crate::graph::View;
use crate::graph::snapshot::SourceIx;
use crate::store::{ObservationOrder, ObservationQuery, Window};

use super::error::Fault;
use super::figure::{READ, ROW, Source};
use super::loaders::loaders;
use super::object::object;
use super::resolve::{One, Rows, row};
use super::view;

/// Steps of fitting models to a point of a series.
const FITTED: u64 = 20_000;

/// More points than any series has: two centuries of months, from some sources.
const MOST: usize = 20_000;

/// A line of figures.
#[derive(Debug, Clone)]
pub struct Series {
    measure: Measure,
    interval: Interval,
    source: SourceIx,
    points: Arc<[Point]>,
    breaks: Vec<Break>,
}

/// One point of a series.
#[derive(Debug, Clone, SimpleObject)]
pub struct SeriesPoint {
    /// The year, the month, or the first month of the quarter.
    period: PartialDate,
    /// Null where there is no figure; `availability` says why. Missing is never zero.
    value: Option<f64>,
    /// Whether there is a figure, and if not, why.
    availability: ValueAvailability,
    /// How settled it is.
    status: ObservationStatus,
    /// By how much it is more (or less, below zero) than the point before; null where that is not the period right before, where one of the two is not known, and across a break.
    change: Option<f64>,
}

row! { SeriesPoint }

/// A place where no line should be drawn through.
#[derive(Debug, Clone, SimpleObject)]
pub struct SeriesBreak {
    /// The first period that is counted in the new way.
    period: PartialDate,
    /// What changed there, in a sentence.
    note: &'static str,
}

/// What may come, if it goes on as it went: not what will come.
#[derive(Debug, Clone, SimpleObject)]
pub struct Forecast {
    /// How it was made, in a sentence.
    method: String,
    /// The first period that it was made from: the line is taken from its last break or gap on.
    trained_from: PartialDate,
    /// The last period that it was made from.
    trained_to: PartialDate,
    /// One for each period to come, in order; as many as `horizon` says.
    points: Vec<ForecastPoint>,
    /// How this method did on this series, each time forecasting what it had not yet seen: its mean error over that of repeating the last value, on the same held-back values; below 1 beats repeating the last value. Null where the held-back values did not change at all.
    mean_absolute_scaled_error: Option<f64>,
    /// Share of held-back values that fell inside the band, 0 to 1: an honest band of level 0.8 comes to about 0.8 over many series, if not on each.
    coverage: Option<f64>,
}

/// One period to come.
#[derive(Debug, Clone, SimpleObject)]
pub struct ForecastPoint {
    /// The year, the month, or the first month of the quarter.
    period: PartialDate,
    /// The middle of what may come; never below zero.
    value: f64,
    /// The lower end of the band.
    lower: f64,
    /// The upper end of the band.
    upper: f64,
}

object! {
    /// A series never mixes sources, stocks with flows, or periods of different length.
    impl Series {
        /// What it counts.
        async fn measure(&self) -> Measure {
            self.measure
        }

        /// What one of it is: persons, permits, US dollars.
        async fn unit(&self) -> &str {
            self.measure.unit()
        }

        /// Counted at a point in time (the last one of each interval is shown), or over each interval.
        async fn nature(&self) -> MeasureNature {
            self.measure.nature()
        }

        /// How long its periods are.
        async fn interval(&self) -> Interval {
            self.interval
        }

        /// Whose figures these are: of the named source, else of the one that has most of the periods asked for.
        async fn source(&self) -> One<Source> {
            One(Source(self.source))
        }

        /// The points in order, oldest first, as the source has them: a period that it does not report is not there.
        async fn points(&self) -> Rows<SeriesPoint> {
            let changes = changes(&self.points, &self.breaks);
            let point = |(point, change): (&Point, Option<f64>)| SeriesPoint {
                period: self.interval.date(point.number),
                value: point.value,
                availability: point.availability,
                status: point.status,
                change,
            };
            self.points.iter().zip(changes).map(point).collect()
        }

        /// Places where the source changed what it counts, so that no line is drawn through them; in order, few or none.
        async fn breaks(&self) -> Vec<SeriesBreak> {
            let (Some(first), Some(last)) = (self.points.first(), self.points.last()) else { return Vec::new() };
            let inside = |b: &&Break| (first.number + 1..=last.number).contains(&b.number);
            self.breaks.iter().filter(inside).map(|b| SeriesBreak { period: self.interval.date(b.number), note: b.note }).collect()
        }

        /// Activity IV.a.ii of the Declaration: analysis and prognosis. Made from the line as it is shown, from its last break or gap on. Null where that is too short to say anything; `forecastNote` says why.
        async fn forecast(
            &self,
            ctx: &Context<'_>,
            #[graphql(default = 3, desc = "How many periods to come: 1 to 10.")] horizon: i32,
            #[graphql(default = 0.8, desc = "How much of what may come the band should hold: 0.5 to 0.99.")] level: f64,
        ) -> Result<Option<Forecast>, Fault> {
            let horizon = usize::try_from(horizon).ok().filter(|horizon| (1..=10).contains(horizon))
                .ok_or_else(|| Fault::input(format!("`horizon` is {horizon}: ask for 1 to 10 periods.")))?;
            if !(0.5..=0.99).contains(&level) {
                return Err(Fault::input(format!("`level` is {level}: ask for 0.5 to 0.99.")));
            }
            let stretch = last_stretch(&self.points, &self.breaks);
            if forecast::note(stretch.len(), self.points.len()).is_some() {
                return Ok(None);
            }
            if !view(ctx).work().spend(FITTED * stretch.len() as u64) {
                return Err(Fault::too_much());
            }
            let values: Vec<f64> = stretch.iter().map(|(_, value)| *value).collect();
            // Fitting takes a good part of a second: not on a thread that serves others.
            let outlook = tokio::task::spawn_blocking(move || forecast::outlook(&values, horizon, level)).await;
            let outlook = outlook.map_err(|_| Fault::internal("a forecast was broken off"))?;
            Ok(outlook.and_then(|outlook| self.forecast_of(&stretch, outlook)))
        }

        /// Why there is no forecast; null where there is one.
        async fn forecast_note(&self) -> Option<String> {
            forecast::note(last_stretch(&self.points, &self.breaks).len(), self.points.len())
        }
    }
}

impl Series {
    fn forecast_of(&self, stretch: &[(i32, f64)], outlook: Outlook) -> Option<Forecast> {
        let (first, last) = (stretch.first()?.0, stretch.last()?.0);
        let point = |(number, step): (i32, &forecast::Step)| ForecastPoint {
            period: self.interval.date(number),
            value: step.value,
            lower: step.lower,
            upper: step.upper,
        };
        Some(Forecast {
            method: outlook.method,
            trained_from: self.interval.date(first),
            trained_to: self.interval.date(last),
            points: (last + 1..).zip(&outlook.steps).map(point).collect(),
            mean_absolute_scaled_error: outlook.scaled_error,
            coverage: outlook.coverage,
        })
    }
}

/// The series of a subject; none where no source has a figure of it in such intervals.
pub async fn series(
    ctx: &Context<'_>,
    subject: String,
    measure: Measure,
    interval: Interval,
    (from, to): (Option<PartialDate>, Option<PartialDate>),
    source: Option<String>,
) -> Result<Option<Series>, Fault> {
    let view = view(ctx);
    if let Some(source) = &source {
        view.sources_of(std::slice::from_ref(source))?;
    }
    if let (Some(from), Some(to)) = (from, to)
        && from.first_day() > to.last_day()
    {
        return Err(Fault::input(format!("`from` is {from} and `to` is {to}: nothing lies between. Give the earlier date as `from`.")));
    }
    let query = ObservationQuery {
        measures: Some(vec![measure]),
        from,
        to,
        sexes: None,
        age_groups: None,
        dimensions: None,
        sources: source.map(|source| vec![source]),
        editions: None,
        origins: None,
        destinations: None,
        order: ObservationOrder { by_value: false, descending: false },
        window: Window { after: None, before: None, limit: MOST, backward: false },
        count: false,
    };
    if !view.work().spend(READ) {
        return Err(Fault::too_much());
    }
    let Some(page) = loaders(ctx).observations(Arc::new(query), subject).await? else { return Ok(None) };
    view.work().spend(ROW * page.rows.len() as u64);
    let within =
        |(o, _): &(&Observation, bool)| from.is_none_or(|from| o.period_start >= from.first_day()) && to.is_none_or(|to| o.period_end <= to.last_day());
    let all: Vec<(&Observation, bool)> = page.rows.iter().map(|row| (&row.observation, row.is_break)).filter(within).collect();
    Ok(best(view, &all, measure, interval))
}

/// The line of the source that has most periods with a value, then most periods; of equals the first by code.
fn best(view: &View, all: &[(&Observation, bool)], measure: Measure, interval: Interval) -> Option<Series> {
    let mut sources: Vec<&str> = all.iter().map(|(o, _)| o.source.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    let lines = sources.into_iter().rev().filter_map(|source| {
        let points = points(interval, measure.nature(), all.iter().copied().filter(|(o, _)| o.source == source));
        (!points.is_empty()).then_some(())?;
        Some((view.find_source(source)?, points))
    });
    let (source, points) = lines.max_by_key(|(_, points)| (points.iter().filter(|point| point.value.is_some()).count(), points.len()))?;
    let breaks = breaks(&view.source(source).entry.publisher, measure, interval, &points);
    Some(Series { measure, interval, source, points: points.into(), breaks })
}
