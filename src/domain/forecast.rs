//! What may come next of a line of figures: exponential smoothing where it has done better than repeating the last
//! value, else that.
//!
//! Figures of persons are counts that grow and shrink by shares rather than by numbers, with sudden jumps. So two
//! forms are tried by the crate `augurs` (the form of each chosen by AICc): on the values, and on their logarithms.
//! Each forecasts the last years from what came before them; the one with the smallest error is taken, if that is
//! smaller than the error of repeating the last value. The band is of one width on the logarithm around each of
//! them: as wide as the changes of the last fifteen periods were, and wider by the root of the distance. On 377 of
//! UNHCR's refugee corridors that held more of what came than the intervals of the models (0.83 for 0.80, where
//! those of the values came to 0.69).

use augurs::ets::AutoETS;
use augurs::{Fit, Predict};

/// Fewer points than these say nothing.
pub const SHORTEST: usize = 10;
/// From so many of the last points on, each time, is the rest forecast.
const HELD_BACK: usize = 6;
/// No model is fitted to less.
const LEAST: usize = 5;
/// The band is as wide as this many last changes were.
const CHANGES: usize = 15;

/// One period to come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The middle.
    pub value: f64,
    /// The lower end of the band.
    pub lower: f64,
    /// The upper end of the band.
    pub upper: f64,
}

/// What may come, how it was made, and how that did on what is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// How it was made, in a sentence.
    pub method: String,
    /// One for each period to come.
    pub steps: Vec<Step>,
    /// Mean error over that of repeating the last value, on the same held-back values; none where these never changed.
    pub scaled_error: Option<f64>,
    /// Share of held-back values within the band.
    pub coverage: Option<f64>,
}

/// Why there is no forecast; none where there is one. `stretch` points are in one piece at the end of a line of `all`.
#[must_use]
pub fn note(stretch: usize, all: usize) -> Option<String> {
    if stretch >= SHORTEST {
        return None;
    }
    let points = |count: usize| if count == 1 { "1 point".to_owned() } else { format!("{count} points") };
    Some(if stretch == all {
        format!("The series has {}: too few to say anything; a forecast needs {SHORTEST}.", points(stretch))
    } else {
        format!("Since its last break, gap or missing figure the series has {}: too few to say anything; a forecast needs {SHORTEST}.", points(stretch))
    })
}

/// A way to say what comes after these values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    /// The last value again.
    Repeat,
    /// Exponential smoothing of the values.
    Values,
    /// Exponential smoothing of their logarithms.
    Logarithms,
}

impl Method {
    /// The middle of what comes; none where no model fits.
    fn middle(self, values: &[f64], horizon: usize) -> Option<Vec<f64>> {
        let last = *values.last()?;
        let middle: Vec<f64> = match self {
            Self::Repeat => vec![last; horizon],
            Self::Values => AutoETS::new(1, "ZZN").ok()?.fit(values).ok()?.predict(horizon, None).ok()?.point,
            Self::Logarithms => {
                let logarithms: Vec<f64> = values.iter().map(|value| value.ln_1p()).collect();
                let point = AutoETS::new(1, "AZN").ok()?.fit(&logarithms).ok()?.predict(horizon, None).ok()?.point;
                point.into_iter().map(f64::exp_m1).collect()
            }
        };
        // What explodes is no forecast.
        middle.iter().all(|value| value.is_finite() && *value < 1e15).then(|| middle.into_iter().map(|value| value.max(0.0)).collect())
    }

    fn steps(self, values: &[f64], horizon: usize, level: f64) -> Option<Vec<Step>> {
        let width = width(values, level);
        let step = |(distance, value): (u16, f64)| {
            let (middle, width) = (value.ln_1p(), width * f64::from(distance).sqrt());
            Step { value, lower: (middle - width).exp_m1().max(0.0), upper: (middle + width).exp_m1() }
        };
        Some((1..).zip(self.middle(values, horizon)?).map(step).collect())
    }
}

/// Half the width of the band of the next period, on the logarithm.
fn width(values: &[f64], level: f64) -> f64 {
    let changes: Vec<f64> = values.array_windows().map(|[before, after]| after.ln_1p() - before.ln_1p()).collect();
    let recent = changes.get(changes.len().saturating_sub(CHANGES)..).unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "fifteen at most")]
    let mean = recent.iter().map(|change| change * change).sum::<f64>() / recent.len().max(1) as f64;
    normal(f64::midpoint(1.0, level)) * mean.sqrt()
}

/// The value that a normal variable stays below with that probability (0.5 to 1); Abramowitz and Stegun, 26.2.23, to
/// less than a thousandth.
fn normal(probability: f64) -> f64 {
    let t = (-2.0 * (1.0 - probability).ln()).sqrt();
    t - (2.515_517 + 0.802_853 * t + 0.010_328 * t * t) / (1.0 + 1.432_788 * t + 0.189_269 * t * t + 0.001_308 * t * t * t)
}

/// How a method did on what it had not seen.
#[derive(Debug, Clone, Copy, Default)]
struct Trial {
    error: f64,
    of_repeating: f64,
    inside: u32,
    all: u32,
}

/// Forecasts the last values from what came before them, from each of the last points in turn.
fn trial(method: Method, values: &[f64], horizon: usize, level: f64) -> Option<Trial> {
    let mut trial = Trial::default();
    for origin in values.len().saturating_sub(HELD_BACK).max(LEAST)..values.len() {
        let (seen, unseen) = values.split_at_checked(origin)?;
        let last = *seen.last()?;
        for (step, value) in method.steps(seen, horizon, level)?.iter().zip(unseen) {
            trial.error += (step.value - value).abs();
            trial.of_repeating += (last - value).abs();
            // Persons are whole: the band is read to the next whole number.
            trial.inside += u32::from((step.lower.floor()..=step.upper.ceil()).contains(value));
            trial.all += 1;
        }
    }
    Some(trial)
}

impl Trial {
    fn scaled(&self) -> Option<f64> {
        (self.of_repeating > 0.0).then(|| self.error / self.of_repeating)
    }
}

/// What may come after these values, which are one stretch of at least [`SHORTEST`]; none where they are fewer, or
/// where one is below zero.
#[must_use]
pub fn outlook(values: &[f64], horizon: usize, level: f64) -> Option<Outlook> {
    if values.len() < SHORTEST || values.iter().any(|value| !value.is_finite() || *value < 0.0) {
        return None;
    }
    let repeat = trial(Method::Repeat, values, horizon, level)?;
    let tried =
        [Method::Values, Method::Logarithms].map(|method| trial(method, values, horizon, level).and_then(|trial| Some((method, trial, trial.scaled()?))));
    let best = tried.into_iter().flatten().min_by(|one, other| one.2.total_cmp(&other.2));
    let smoothed = best.filter(|(.., scaled)| *scaled < 1.0).and_then(|(method, trial, _)| Some((method, trial, method.steps(values, horizon, level)?)));
    let (method, trial, steps) = match smoothed {
        Some(smoothed) => smoothed,
        None => (Method::Repeat, repeat, Method::Repeat.steps(values, horizon, level)?),
    };
    let sentence = match (method, best) {
        (Method::Values, _) => "Exponential smoothing of the values, its form chosen by AICc (AutoETS).".to_owned(),
        (Method::Logarithms, _) => "Exponential smoothing of the logarithms, its form chosen by AICc (AutoETS).".to_owned(),
        (Method::Repeat, Some((.., scaled))) => {
            format!(
                "The last value again: exponential smoothing did no better on this series (its error is {scaled:.2} times that of repeating the last value)."
            )
        }
        (Method::Repeat, None) => "The last value again: the held-back values did not change, or no model fits.".to_owned(),
    };
    let coverage = (trial.all > 0).then(|| f64::from(trial.inside) / f64::from(trial.all));
    Some(Outlook { method: sentence, steps, scaled_error: trial.scaled(), coverage })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_steady_growth_goes_on() {
        let values: Vec<f64> = (0..20).map(|n| 1000.0 * 1.1_f64.powi(n)).collect();
        let outlook = outlook(&values, 3, 0.8).unwrap();
        assert!(outlook.method.starts_with("Exponential smoothing"), "{}", outlook.method);
        assert!(outlook.scaled_error.unwrap() < 0.2);
        let expected = 1000.0 * 1.1_f64.powi(20);
        assert!((outlook.steps[0].value / expected - 1.0).abs() < 0.02, "{:?}", outlook.steps);
        assert!(outlook.steps[0].value < outlook.steps[1].value);
    }

    #[test]
    fn what_jumps_to_and_fro_is_repeated_and_says_so() {
        let values = [5.0, 900.0, 3.0, 2.0, 700.0, 650.0, 10.0, 10.0, 10.0, 800.0, 800.0, 10.0, 10.0, 400.0];
        let outlook = outlook(&values, 2, 0.8).unwrap();
        if outlook.method.starts_with("The last value again") {
            assert_eq!(outlook.scaled_error, Some(1.0));
            assert!((outlook.steps[1].value - 400.0).abs() < 1e-9);
        } else {
            assert!(outlook.scaled_error.unwrap() < 1.0);
        }
        let flat = super::outlook(&[7.0; 12], 2, 0.8).unwrap();
        assert!(flat.method.starts_with("The last value again"), "{}", flat.method);
        assert_eq!((flat.scaled_error, flat.coverage), (None, Some(1.0)));
        assert!((flat.steps[0].value - 7.0).abs() < 1e-9);
    }

    #[test]
    fn a_short_line_says_nothing_and_why() {
        assert_eq!(outlook(&[1.0; 9], 3, 0.8), None);
        assert_eq!(outlook(&[-1.0; 20], 3, 0.8), None);
        assert_eq!(note(10, 12), None);
        assert_eq!(note(1, 1).unwrap(), "The series has 1 point: too few to say anything; a forecast needs 10.");
        assert!(note(3, 30).unwrap().starts_with("Since its last break, gap or missing figure the series has 3 points"));
    }

    #[test]
    fn the_quantiles_are_those_of_the_tables() {
        for (probability, value) in [(0.9, 1.2816), (0.975, 1.9600), (0.75, 0.6745), (0.995, 2.5758)] {
            assert!((normal(probability) - value).abs() < 1e-3);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn a_forecast_is_finite_and_lies_in_its_band(values in prop::collection::vec(prop_oneof![Just(0.0), 0.0..1e7_f64], 10..40), horizon in 1_usize..=10, level in 0.5..0.99_f64) {
            let outlook = outlook(&values, horizon, level).unwrap();
            prop_assert_eq!(outlook.steps.len(), horizon);
            prop_assert!(outlook.scaled_error.is_none_or(|error| error <= 1.0));
            for step in outlook.steps {
                prop_assert!(step.lower.is_finite() && step.upper.is_finite());
                prop_assert!(0.0 <= step.lower && step.lower <= step.value + 1e-6 * step.value && step.value <= step.upper * (1.0 + 1e-9) + 1e-6);
            }
        }
    }
}
