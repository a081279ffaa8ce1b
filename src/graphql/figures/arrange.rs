//! From a question to groups: which code stands for which number, what each block and place says of the group of a
//! figure, and the sums in the order of their codes.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::domain::flow::FlowShape;
use crate::domain::party::Region;
use crate::domain::text::Language;
use crate::domain::word::Words;
use crate::graph::View;
use crate::graph::figures::choice::Question;
use crate::graph::figures::sum::{Part, Plan, Sum, Table, sums};
use crate::graph::figures::{BlockKind, FigureDimension, Head};
use crate::graph::flow::FlowIx;
use crate::graph::party::Point;
use crate::store::Reading;

use super::Fault;

/// The places that a question is about.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Only from these.
    pub origins: Option<Vec<Point>>,
    /// Only to these.
    pub destinations: Option<Vec<Point>>,
    /// Only of these flows.
    pub flows: Option<Vec<FlowIx>>,
}

/// One group.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// Its place among all groups that could be, in the order of `groupBy`.
    rank: u64,
    /// What it came to.
    pub sum: Sum,
}

/// All groups of an answer, and what their numbers stand for.
#[derive(Debug)]
pub struct Groups {
    legends: Vec<Legend>,
    all: Vec<Group>,
}

/// The codes of a dimension with their names, in the order of codes.
#[derive(Debug)]
struct Legend {
    dimension: FigureDimension,
    keys: Vec<(String, String)>,
}

/// More groups than an answer is made of; what leads there is a slip, or a question for an export.
const MOST: usize = 1_000_000;

impl Groups {
    /// Every group.
    pub fn all(&self) -> &[Group] {
        &self.all
    }

    /// Dimension, code and name of each part of a group.
    pub fn keys(&self, group: &Group) -> impl Iterator<Item = (FigureDimension, &str, &str)> {
        let mut below: u64 = self.legends.iter().map(Legend::size).product();
        self.legends.iter().filter_map(move |legend| {
            let size = legend.size();
            below /= size;
            let at = usize::try_from(group.rank / below % size).ok()?;
            let (code, label) = legend.keys.get(at)?;
            Some((legend.dimension, code.as_str(), label.as_str()))
        })
    }

    /// Keeps groups by their sums.
    pub fn keep(&mut self, keeps: impl Fn(f64) -> bool) {
        self.all.retain(|group| group.sum.value().is_some_and(&keeps));
    }

    /// Smallest first; equals in the order of their codes.
    pub fn sort_by_value(&mut self) {
        let value = |group: &Group| group.sum.value();
        self.all.sort_unstable_by(|one, other| match (value(one), value(other)) {
            (Some(a), Some(b)) => a.total_cmp(&b).then(one.rank.cmp(&other.rank)),
            (a, b) => a.is_some().cmp(&b.is_some()).then(one.rank.cmp(&other.rank)),
        });
    }
}

impl Legend {
    fn of(dimension: FigureDimension, mut keys: Vec<(String, String)>) -> Self {
        keys.sort_unstable();
        keys.dedup_by(|one, other| one.0 == other.0);
        Self { dimension, keys }
    }

    /// At least one, so that numbers can be divided.
    fn size(&self) -> u64 {
        self.keys.len().max(1) as u64
    }

    fn at(&self, code: &str) -> Option<u32> {
        self.keys.binary_search_by(|(key, _)| key.as_str().cmp(code)).ok().and_then(|at| u32::try_from(at).ok())
    }
}

/// Whether a dimension hangs on the block.
const fn is_of_block(dimension: FigureDimension) -> bool {
    matches!(dimension, FigureDimension::Year | FigureDimension::Source | FigureDimension::Sex | FigureDimension::AgeGroup)
}

/// The groups of an answer.
pub fn groups(view: &View, question: &Question, wanted: &Wanted, reading: &Reading) -> Result<Groups, Fault> {
    let places = Places::of(view, reading);
    let legends: Vec<Legend> = question.group_by.iter().map(|dimension| legend(view, *dimension, reading, &places)).collect();
    let inner: u64 = legends.iter().filter(|legend| !is_of_block(legend.dimension)).map(Legend::size).product();
    if u32::try_from(inner).is_err() {
        return Err(Fault::input("These dimensions come to more groups than can be told apart: leave one out of `groupBy`."));
    }
    let plans = [BlockKind::Corridor, BlockKind::Route, BlockKind::State].map(|kind| plan(view, kind, &legends, wanted, &places));
    let mut parts: Vec<Part<'_>> = reading
        .blocks
        .iter()
        .filter_map(|(head, block)| {
            let [corridors, routes, states] = &plans;
            let plan = match head.kind {
                BlockKind::Corridor => corridors,
                BlockKind::Route => routes,
                BlockKind::State => states,
            };
            Some(Part { outer: outer(&legends, reading, head)?, block, plan })
        })
        .collect();
    let sums = sums(&mut parts, inner, view.work());
    if sums.len() > MOST {
        return Err(Fault::input(format!("The question comes to {} groups: ask for at most {MOST}, by a filter or by fewer dimensions.", sums.len())));
    }
    let rank = ranks(&legends, inner);
    let mut all: Vec<Group> = sums.into_iter().map(|(number, sum)| Group { rank: rank(number), sum }).collect();
    all.sort_unstable_by_key(|group| group.rank);
    Ok(Groups { legends, all })
}

/// What a block says of the groups of its figures; none where it says nothing of a dimension that is asked for.
fn outer(legends: &[Legend], reading: &Reading, head: &Head) -> Option<u64> {
    let breakdown = reading.breakdown(head)?;
    let mut number = 0;
    for legend in legends.iter().filter(|legend| is_of_block(legend.dimension)) {
        let at = match legend.dimension {
            FigureDimension::Year => legend.at(&year(head)),
            FigureDimension::Source => legend.at(reading.source(head)),
            FigureDimension::Sex => legend.at(breakdown.sex?.name()),
            _ => legend.at(breakdown.age_group.as_deref()?),
        };
        number = number * legend.size() + u64::from(at?);
    }
    Some(number)
}

fn year(head: &Head) -> String {
    format!("{:04}", head.period.end().year())
}

/// From a number of a sum (what the block says first) to the rank in the order of `groupBy`.
fn ranks(legends: &[Legend], inner: u64) -> impl Fn(u64) -> u64 + use<> {
    let mut rank_stride: u64 = legends.iter().map(Legend::size).product();
    let (mut outer_stride, mut inner_stride) = (legends.iter().filter(|legend| is_of_block(legend.dimension)).map(Legend::size).product::<u64>(), inner);
    let digits: Vec<(bool, u64, u64, u64)> = legends
        .iter()
        .map(|legend| {
            let (of_block, size) = (is_of_block(legend.dimension), legend.size());
            rank_stride /= size;
            let stride = if of_block { &mut outer_stride } else { &mut inner_stride };
            *stride /= size;
            (of_block, *stride, size, rank_stride)
        })
        .collect();
    move |number| {
        let (outer, inner) = (number / inner, number % inner);
        digits.iter().map(|(of_block, stride, size, rank)| (if *of_block { outer } else { inner }) / stride % size * rank).sum()
    }
}

/// What stands behind the numbers of places.
struct Places {
    points: Vec<Option<Point>>,
    routes: Vec<Option<FlowIx>>,
    codes: Vec<String>,
    by_code: FxHashMap<String, usize>,
}

impl Places {
    fn of(view: &View, reading: &Reading) -> Self {
        let codes: Vec<String> = reading.places().iter().map(|code| (**code).to_owned()).collect();
        let route = |code: &String| view.find_flow(code).filter(|flow| view.flow(*flow).shape() == FlowShape::Route);
        Self {
            points: codes.iter().map(|code| view.find_point(code)).collect(),
            routes: codes.iter().map(route).collect(),
            by_code: codes.iter().enumerate().map(|(at, code)| (code.clone(), at)).collect(),
            codes,
        }
    }
}

fn region(view: &View, point: Point) -> Region {
    match point {
        Point::State(state) => view.state(state).entry.region,
        Point::Area(_) => Region::Other,
    }
}

/// The groups in which a point has a place today.
fn groups_of(view: &View, point: Point) -> Vec<&str> {
    let Point::State(state) = point else { return Vec::new() };
    let edges = view.state(state).links.groups.iter().filter(|edge| edge.in_force(view.today()));
    edges.map(|edge| view.group(edge.node).entry.code.as_str()).collect()
}

fn legend(view: &View, dimension: FigureDimension, reading: &Reading, places: &Places) -> Legend {
    let named = |code: &str, label: &str| (code.to_owned(), label.to_owned());
    let heads = || reading.blocks.iter().map(|(head, _)| head);
    let points = || places.points.iter().flatten().copied();
    let keys = match dimension {
        FigureDimension::Origin | FigureDimension::Destination | FigureDimension::State => {
            points().map(|point| named(view.point_code(point), view.point_name(point, Language::En))).collect()
        }
        FigureDimension::Route => places.routes.iter().flatten().map(|route| named(&view.flow(*route).code, &view.flow_name(*route, Language::En))).collect(),
        FigureDimension::OriginRegion | FigureDimension::DestinationRegion => {
            Region::ALL.iter().map(|word| named(word.name, word.meaning.trim_end_matches('.'))).collect()
        }
        FigureDimension::WorkingGroup => {
            view.groups().iter().map(|group| &view.group(*group).entry).map(|entry| named(&entry.code, entry.name.get(Language::En))).collect()
        }
        FigureDimension::Year => heads().map(|head| named(&year(head), &year(head))).collect(),
        FigureDimension::Source => heads()
            .map(|head| reading.source(head))
            .map(|code| named(code, view.find_source(code).map_or(code, |source| &view.source(source).entry.name)))
            .collect(),
        FigureDimension::Sex => crate::domain::figure::Sex::ALL.iter().map(|word| named(word.name, word.meaning.trim_end_matches('.'))).collect(),
        FigureDimension::AgeGroup => heads().filter_map(|head| reading.breakdown(head)?.age_group.as_deref()).map(|age| named(age, age)).collect(),
    };
    Legend::of(dimension, keys)
}

/// How blocks of one kind are read.
fn plan(view: &View, kind: BlockKind, legends: &[Legend], wanted: &Wanted, places: &Places) -> Plan {
    let count = places.codes.len();
    let mut plan = Plan { origins: Table::zeros(count), destinations: Table::zeros(count), pairs: pairs(view, kind, wanted, places), several: None };
    for place in 0..count {
        let (point, route) = (places.points.get(place).copied().flatten(), places.routes.get(place).copied().flatten());
        // What is not in the graph is in no group: the viewer does not see it.
        let is_there = if kind == BlockKind::Route { route.is_some() } else { point.is_some() };
        let is_origin = wanted.origins.as_ref().is_none_or(|wanted| point.is_some_and(|point| wanted.contains(&point)));
        let is_destination = wanted.destinations.as_ref().is_none_or(|wanted| point.is_some_and(|point| wanted.contains(&point)));
        plan.origins.add(place, (is_there && is_origin).then_some(0));
        plan.destinations.add(place, (is_there && is_destination).then_some(0));
    }
    let mut stride: u64 = legends.iter().filter(|legend| !is_of_block(legend.dimension)).map(Legend::size).product();
    for legend in legends.iter().filter(|legend| !is_of_block(legend.dimension)) {
        stride /= legend.size();
        let step = u32::try_from(stride).unwrap_or(u32::MAX);
        if legend.dimension == FigureDimension::WorkingGroup {
            plan.several = Some((several(view, kind, legend, places), step));
            continue;
        }
        for place in 0..count {
            let says = says(view, legend, kind, places, place).map(|at| at.saturating_mul(step));
            let is_of_destination = matches!(legend.dimension, FigureDimension::Destination | FigureDimension::DestinationRegion);
            if is_of_destination { plan.destinations.add(place, says) } else { plan.origins.add(place, says) }
        }
    }
    plan
}

/// What a place says of one dimension.
fn says(view: &View, legend: &Legend, kind: BlockKind, places: &Places, place: usize) -> Option<u32> {
    if legend.dimension == FigureDimension::Route {
        return if kind == BlockKind::Route { legend.at(places.codes.get(place)?) } else { None };
    }
    let point = (*places.points.get(place)?)?;
    match legend.dimension {
        FigureDimension::OriginRegion | FigureDimension::DestinationRegion => legend.at(region(view, point).name()),
        _ => legend.at(view.point_code(point)),
    }
}

/// The working groups of each place.
fn several(view: &View, kind: BlockKind, legend: &Legend, places: &Places) -> Vec<Vec<u32>> {
    let mut all = Vec::with_capacity(places.codes.len());
    for (point, route) in places.points.iter().zip(&places.routes) {
        let codes = match (kind, point, route) {
            (BlockKind::Route, _, Some(route)) => view.flow(*route).groups.iter().map(|group| view.group(*group).entry.code.as_str()).collect(),
            (BlockKind::Corridor | BlockKind::State, Some(point), _) => groups_of(view, *point),
            _ => Vec::new(),
        };
        let mut groups: Vec<u32> = codes.into_iter().filter_map(|code| legend.at(code)).collect();
        groups.sort_unstable();
        groups.dedup();
        all.push(groups);
    }
    all
}

/// The pairs of places that the wanted flows are.
fn pairs(view: &View, kind: BlockKind, wanted: &Wanted, places: &Places) -> Option<FxHashSet<(u16, u16)>> {
    let flows = wanted.flows.as_ref()?;
    let number = |code: &str| places.by_code.get(code).and_then(|at| u16::try_from(*at).ok());
    let pair = |flow: &FlowIx| {
        let flow = view.flow(*flow);
        match (kind, flow.shape(), flow.legs.first()) {
            (BlockKind::Route, FlowShape::Route, _) => Some((number(&flow.code)?, 0)),
            (BlockKind::Corridor, FlowShape::Corridor, Some(leg)) => Some((number(view.point_code(leg.from))?, number(view.point_code(leg.to))?)),
            _ => None,
        }
    };
    Some(flows.iter().filter_map(pair).collect())
}
