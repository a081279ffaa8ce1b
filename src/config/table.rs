//! Every setting as a table of Markdown, for docs/OPERATING.md: generated, so that it is true.

use std::fmt::Write as _;

use super::Config;

/// A row a setting: its name, its variable in the environment, its default or value, its sentence.
#[must_use]
pub fn table(config: &Config) -> String {
    let mut text = String::from("| setting | in the environment | value | what it does |\n|---|---|---|---|\n");
    for row in config.rows() {
        let variable = format!("SILKROUTES_{}", row.name.replace('.', "_").to_uppercase());
        // A bar would end the cell, even in code.
        let [value, sentence] = [row.value, row.sentence.to_owned()].map(|cell| cell.replace('|', "\\|"));
        let _ = writeln!(text, "| `{}` | `{variable}` | `{value}` | {sentence} |", row.name);
    }
    text
}
