//! `[billing.spot]` of a scenario: the source of spot prices.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::path::MeanReverting;
use crate::billing::reader::{Reader, WHOLE, usd};
use plimsoll_base::catalogue::TypeTable;
use plimsoll_base::input::{Problem, did_you_mean};
use plimsoll_base::table::clock::{Clock, ClockOrigin, OriginSetting};
use plimsoll_base::table::{Dialect, Table};
use plimsoll_base::units::{Decimal, Duration, Money, Time, ZoneId};

/// `[billing.spot]`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SpotConfig {
    /// The price of each type in each zone over time; default constant, 70 % below on-demand.
    pub price: SpotPriceConfig,
    /// Time by which a rebalance recommendation comes before the notice of an interruption by the price. That of an interruption for
    /// capacity comes with its notice. Default 0s.
    #[serde(skip_serializing_if = "is_no_time")]
    pub recommendation_ahead: Duration,
}

fn is_no_time(time: &Duration) -> bool {
    *time == Duration::ZERO
}

/// Process of spot prices.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum SpotPriceConfig {
    /// Always the same share of the on-demand price: no instance is ever interrupted.
    Constant {
        /// Discount from the on-demand price, as a share.
        discount: Decimal,
    },
    /// Random steps that revert to a mean, independent for each type and zone.
    MeanReverting {
        /// Discount that prices are drawn to, as a share of the on-demand price; default 0.7.
        #[serde(default = "default_discount")]
        discount_mean: Decimal,
        /// Standard deviation of the push of a step, as a share of the on-demand price; default 0.01.
        #[serde(default = "default_volatility")]
        volatility: Decimal,
        /// Share of the way to the mean that a step makes; default 0.02.
        #[serde(default = "default_reversion")]
        reversion: Decimal,
        /// Time from step to step; default 5m.
        #[serde(default = "default_step")]
        every: Duration,
        /// Least price, as a share of the on-demand price; default 0.1.
        #[serde(default = "default_floor")]
        floor: Decimal,
        /// Greatest price, as a share of the on-demand price, at most 4; default 1, at which only instances
        /// with a lower price limit of their own are interrupted.
        #[serde(default = "default_ceiling")]
        ceiling: Decimal,
    },
    /// Recorded prices: before its first row, and without any row, a type has its on-demand price.
    File {
        /// CSV with the columns `time_s,type,zone,usd_per_hour`, in order of time; relative to the scenario file.
        file: PathBuf,
        /// Moment of the file's clock at which the run starts: `"first"` (the first row), `"epoch"` (the zero of its clock), seconds, or
        /// a date and time of UTC, for times that are dates or Unix times; of what is earlier the last row of each type and zone holds
        /// at the start. Without it times are seconds from the start of the run, and dates are refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<ClockOrigin>,
    },
}

impl Default for SpotPriceConfig {
    fn default() -> SpotPriceConfig {
        SpotPriceConfig::Constant { discount: default_discount() }
    }
}

fn default_discount() -> Decimal {
    Decimal::from("0.7")
}

fn default_volatility() -> Decimal {
    Decimal::from("0.01")
}

fn default_reversion() -> Decimal {
    Decimal::from("0.02")
}

fn default_step() -> Duration {
    Duration::from_seconds(300)
}

fn default_floor() -> Decimal {
    Decimal::from("0.1")
}

fn default_ceiling() -> Decimal {
    Decimal::from("1")
}

/// The least time from step to step: a year of it is 0.5 million steps of each type and zone.
const MIN_STEP: Duration = Duration::from_seconds(60);

/// Greatest number of problems reported of one file.
const MAX_PROBLEMS: usize = 20;

/// The most a price may be, as a share of the on-demand price \[10⁻⁹\].
const MAX_CEILING: u32 = 4 * WHOLE;

/// Source of spot prices, checked.
#[derive(Clone, Debug)]
pub(in crate::billing) enum Source {
    /// A share of the on-demand price \[10⁻⁹\].
    Constant(u32),
    MeanReverting(MeanReverting),
    /// By name of the type, and zone: each price with its first moment.
    File(BTreeMap<(String, ZoneId), Vec<(Time, Money)>>),
}

impl SpotConfig {
    /// Returns the source of prices, or everything that is wrong with it.
    pub(in crate::billing) fn resolve(
        &self,
        zones: &[&str],
        types: &TypeTable,
    ) -> Result<Source, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut reader = Reader { path: "billing.spot.price".to_string(), problems: &mut problems };
        let source = match &self.price {
            SpotPriceConfig::Constant { discount } => {
                Source::Constant(WHOLE - reader.share("discount", discount, 0, WHOLE))
            }
            SpotPriceConfig::MeanReverting {
                discount_mean,
                volatility,
                reversion,
                every,
                floor,
                ceiling,
            } => {
                let floor = reader.share("floor", floor, 0, WHOLE);
                let ceiling = reader.share("ceiling", ceiling, floor, MAX_CEILING);
                if *every < MIN_STEP {
                    let message = format!("found {every}, expected at least {MIN_STEP}");
                    reader.problem("every", message, "EC2's prices change some times a day: try \"5m\"");
                }
                Source::MeanReverting(MeanReverting {
                    mean: WHOLE - reader.share("discount_mean", discount_mean, 0, WHOLE),
                    volatility: reader.share("volatility", volatility, 0, WHOLE),
                    reversion: reader.share("reversion", reversion, 0, WHOLE),
                    floor,
                    ceiling,
                    every: *every,
                })
            }
            SpotPriceConfig::File { file, origin } => {
                return read(file, *origin, zones, types).map(Source::File);
            }
        };
        if problems.is_empty() { Ok(source) } else { Err(problems) }
    }
}

/// The columns of a file.
const COLUMNS: [&str; 4] = ["time_s", "type", "zone", "usd_per_hour"];

type Listed = BTreeMap<(String, ZoneId), Vec<(Time, Money)>>;

/// Reads a price history. Lines that begin with `#` are comments.
pub(super) fn read(
    path: &Path,
    origin: Option<ClockOrigin>,
    zones: &[&str],
    types: &TypeTable,
) -> Result<Listed, Vec<Problem>> {
    let mut table = Table::open_as(path, Dialect { comment: Some(b'#'), ..Dialect::default() })
        .map_err(|problem| vec![problem])?;
    let mut rows = Rows::new(&table, origin, zones, types)?;
    let mut problems = Vec::new();
    while problems.len() < MAX_PROBLEMS {
        match table.advance() {
            Ok(false) => break,
            Ok(true) => problems.extend(rows.add(&table).err()),
            Err(problem) => {
                problems.push(problem);
                break;
            }
        }
    }
    problems.extend(rows.clock.check_reached(&table, rows.columns[0], (rows.first, Some(rows.last))).err());
    if problems.is_empty() { Ok(rows.prices) } else { Err(problems) }
}

/// The rows of a file as they are read.
struct Rows<'a> {
    /// Position of each of [`COLUMNS`].
    columns: [usize; COLUMNS.len()],
    zones: &'a [&'a str],
    /// Names are looked up in a copy, so that a history of all types marks none as used.
    types: TypeTable,
    clock: Clock,
    /// First and latest moment by the clock of the file.
    first: Option<Time>,
    last: Time,
    prices: Listed,
}

impl<'a> Rows<'a> {
    fn new(
        table: &Table,
        origin: Option<ClockOrigin>,
        zones: &'a [&'a str],
        types: &TypeTable,
    ) -> Result<Rows<'a>, Vec<Problem>> {
        let mut problems = Vec::new();
        let columns = COLUMNS.map(|name| {
            let position = table.column(name);
            if position.is_none() {
                let message = format!("found no column `{name}`, expected {}", COLUMNS.join(","));
                problems.push(Problem::new(table.header_place(), message));
            }
            position.unwrap_or(0)
        });
        for column in table.header().iter().filter(|column| !COLUMNS.contains(&column.as_str())) {
            let mut problem =
                Problem::new(table.header_place(), format!("found the unknown column `{column}`"));
            problem.help = did_you_mean(column, COLUMNS);
            problems.push(problem);
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let setting = OriginSetting { origin, key: "billing.spot.price.origin", or_else: "" };
        let clock = Clock::new(table, &columns[..1], setting).map_err(|problem| vec![problem])?;
        let (first, last, prices) = (None, Time::ZERO, Listed::new());
        Ok(Rows { columns, zones, types: types.clone(), clock, first, last, prices })
    }

    fn add(&mut self, table: &Table) -> Result<(), Problem> {
        let mut cells = [""; COLUMNS.len()];
        for (cell, column) in cells.iter_mut().zip(self.columns) {
            *cell = table.text(column)?.trim();
        }
        let [time, kind, zone, price] = cells;
        let place = table.row_place();
        let wrong = |column: &str, message: String| Problem::new(place.clone().at_key(column), message);
        let moment = self.clock.moment(table, self.columns[0])?;
        if moment < self.last {
            return Err(wrong("time_s", format!("found {time}, which is before the row above"))
                .with_help("put the rows in order of time"));
        }
        self.first.get_or_insert(moment);
        self.last = moment;
        let from = self.clock.or_start(moment);
        if self.types.named(kind).is_none() {
            let mut problem = wrong("type", format!("found `{kind}`, expected the name of an instance type"));
            problem.help = self.types.suggest(kind);
            return Err(problem);
        }
        let Some(zone_id) = self.zones.iter().position(|name| *name == zone) else {
            let mut problem = wrong("zone", format!("found `{zone}`, expected the name of a zone"));
            problem.help = did_you_mean(zone, self.zones.iter().copied());
            return Err(problem);
        };
        let per_hour = usd(&Decimal::from(price)).map_err(|reason| {
            wrong("usd_per_hour", format!("found `{price}`, which {reason}, expected USD per hour"))
        })?;
        let zone_id = ZoneId(u16::try_from(zone_id).expect("a scenario has fewer than 2¹⁶ zones"));
        self.prices.entry((kind.to_string(), zone_id)).or_default().push((from, Money(per_hour.0 / 3600)));
        Ok(())
    }
}
