//! Origins by destinations in one period.

use async_graphql::{Context, SimpleObject};

use crate::domain::date::PartialDate;
use crate::domain::figure::{Measure, MeasureNature, ValueAvailability};
use crate::domain::flow::corridor_code;
use crate::graph::figures::choice::Question;
use crate::graph::figures::{BlockKind, FigureDimension};
use crate::graph::party::Point;

use super::error::Fault;
use super::figure::Source;
use super::figures::{Wanted, groups};
use super::flow::Flow;
use super::party::FlowPoint;
use super::resolve::{Rows, row};
use super::view;

/// The most cells of one matrix.
const MOST: usize = 2_000;

/// How many of one kind moved or are, from where and where, in one period by one source: what a flow map or a chord diagram draws.
#[derive(Debug, Clone, SimpleObject)]
pub struct FlowMatrix {
    /// What it counts.
    measure: Measure,
    /// What one of it is: persons, applications, decisions.
    unit: &'static str,
    /// Counted at a point in time (then the last one of the period), or over the period.
    nature: MeasureNature,
    /// The period, as it was asked for.
    period: PartialDate,
    /// Whose figures these are; all are of the newest edition.
    source: Source,
    /// Where the cells start, by code.
    origins: Vec<FlowPoint>,
    /// Where the cells end, by code.
    destinations: Vec<FlowPoint>,
    /// Largest first; cells without a value last. Pairs for which the source has no figure are not there: that is not zero. At most 2,000, and as many as `top` says.
    cells: Rows<FlowMatrixCell>,
    /// What `top` left out: the sum of the known cells that are not listed; null where none is left out, and where one of them is SUPPRESSED.
    rest: Option<f64>,
}

/// One origin and one destination.
#[derive(Debug, Clone, SimpleObject)]
pub struct FlowMatrixCell {
    /// Where it starts.
    origin: FlowPoint,
    /// Where it ends.
    destination: FlowPoint,
    /// The corridor between the two.
    flow: Flow,
    /// How many; null where there is no figure, `availability` says why.
    value: Option<f64>,
    /// Whether there is a figure, and if not, why.
    availability: ValueAvailability,
}

row! { FlowMatrixCell }

/// What a matrix is asked for.
#[derive(Debug, Default)]
pub struct Asked {
    /// Of that source alone.
    pub source: Option<String>,
    /// From these points alone.
    pub origins: Option<Vec<Point>>,
    /// To these points alone.
    pub destinations: Option<Vec<Point>>,
    /// The largest so many cells.
    pub top: Option<i32>,
}

/// The matrix of a measure in a period; none where no source covers it.
pub async fn matrix(ctx: &Context<'_>, measure: Measure, period: PartialDate, asked: Asked) -> Result<Option<FlowMatrix>, Fault> {
    let view = view(ctx);
    let top = match asked.top {
        None => MOST,
        Some(top) => usize::try_from(top)
            .ok()
            .filter(|top| (1..=MOST).contains(top))
            .ok_or_else(|| Fault::input(format!("`top` is {top}: ask for 1 to {MOST} cells.")))?,
    };
    if let Some(source) = &asked.source {
        view.sources_of(std::slice::from_ref(source))?;
    }
    let question = Question {
        group_by: vec![FigureDimension::Origin, FigureDimension::Destination],
        from: Some(period),
        to: Some(period),
        sources: asked.source.map(|source| vec![source]),
        kinds: Some(vec![BlockKind::Corridor]),
        ..Question::of(measure.nature())
    };
    let wanted = Wanted { origins: asked.origins, destinations: asked.destinations, flows: None };
    let (reading, mut groups) = groups(ctx, measure, question, wanted).await?;
    let Some(source) = reading.blocks.first().and_then(|(head, _)| view.find_source(reading.source(head))) else { return Ok(None) };
    groups.sort_by_value();
    let mut cells = Vec::new();
    let (mut rest, mut is_held_back) = (None, false);
    for group in groups.all().iter().rev() {
        let mut codes = groups.keys(group).map(|(_, code, _)| code);
        let (Some(from), Some(to)) = (codes.next(), codes.next()) else { continue };
        let (Some(origin), Some(destination), Some(flow)) = (view.find_point(from), view.find_point(to), view.find_flow(&corridor_code(from, to))) else {
            continue;
        };
        if cells.len() < top {
            let (value, availability) = (group.sum.value(), group.sum.availability());
            cells.push(FlowMatrixCell { origin: FlowPoint(origin), destination: FlowPoint(destination), flow: Flow(flow), value, availability });
        } else if let Some(value) = group.sum.value() {
            rest = Some(rest.unwrap_or(0.0) + value);
        } else {
            is_held_back |= group.sum.availability() == ValueAvailability::Suppressed;
        }
    }
    let ends = |end: fn(&FlowMatrixCell) -> FlowPoint| {
        let mut points: Vec<FlowPoint> = cells.iter().map(end).collect();
        points.sort_by_key(|point| view.point_code(point.0));
        points.dedup_by_key(|point| view.point_code(point.0));
        points
    };
    Ok(Some(FlowMatrix {
        measure,
        unit: measure.unit(),
        nature: measure.nature(),
        period,
        source: Source(source),
        origins: ends(|cell| cell.origin),
        destinations: ends(|cell| cell.destination),
        cells: Rows(cells),
        rest: rest.filter(|_| !is_held_back),
    }))
}
