//! Spot prices beside reference implementations, their files, and the interruptions they cause.

use super::*;
use plimsoll_base::catalogue::ShapePrice;
use plimsoll_base::units::NS_PER_S;

const ZONES: [&str; 2] = ["a", "b"];

fn at(seconds: u64) -> Time {
    Time(seconds * NS_PER_S)
}

fn types() -> TypeTable {
    TypeTable::new(&[], &ShapePrice::default()).unwrap()
}

fn prices(price: &str, seed: u64) -> SpotPrices {
    let config: SpotConfig = toml::from_str(&format!("price = {price}")).unwrap();
    SpotPrices::new(config.resolve(&ZONES, &types()).unwrap(), config.recommendation_ahead, Seed(seed))
}

fn file(text: &str) -> Result<SpotPrices, String> {
    file_from(text, None)
}

/// Returns the prices of a file whose times count from an origin.
fn file_from(text: &str, origin: Option<&str>) -> Result<SpotPrices, String> {
    let told = |problems: Vec<plimsoll_base::input::Problem>| {
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spot.csv");
    std::fs::write(&path, text).unwrap();
    let shown = folder.path().display().to_string() + "/";
    let listed = config::read(&path, origin.map(|origin| origin.parse().unwrap()), &ZONES, &types())
        .map_err(|found| told(found).replace(&shown, ""))?;
    Ok(SpotPrices::new(Source::File(listed), Duration::ZERO, Seed(0)))
}

#[test]
fn a_constant_price_never_interrupts_unless_it_is_above_the_highest() {
    let (mut types, mut spot) = (types(), prices("{ kind = 'constant', discount = 0.75 }", 0));
    let large = types.named("m5.large").unwrap();
    let quarter = Money(types.get(large).price_per_second.0 / 4);
    assert_eq!(spot.price(&types, large, ZoneId(0), at(77)), quarter);
    let mut first = |max| spot.next_change_above(&types, (large, ZoneId(0)), at(5), max, Time::NEVER);
    assert_eq!((first(None), first(Some(quarter))), (None, None));
    assert_eq!(first(Some(Money(quarter.0 - 1))), Some(at(5)));
}

const WILD: &str =
    "{ kind = 'mean-reverting', volatility = 0.2, reversion = 0.1, ceiling = 2, every = '5m' }";

#[test]
fn mean_reverting_prices_are_their_types_and_zones_own_and_the_same_in_any_order() {
    let (mut types, mut spot) = (types(), prices(WILD, 1));
    let [large, xlarge] = ["m5.large", "m5.xlarge"].map(|name| types.named(name).unwrap());
    let of = |spot: &mut SpotPrices, kind, zone, step: u64| {
        spot.price(&types, kind, ZoneId(zone), at(step * 300)).0
    };
    let first: Vec<i128> = (0..500).map(|step| of(&mut spot, large, 0, step)).collect();
    let other_zone: Vec<i128> = (0..500).map(|step| of(&mut spot, large, 1, step)).collect();
    assert_ne!(first, other_zone);
    // Backwards, and after another type, in fresh books in which types have other numbers.
    let mut fresh = prices(WILD, 1);
    _ = of(&mut fresh, xlarge, 0, 400);
    let backwards: Vec<i128> = (0..500).rev().map(|step| of(&mut fresh, large, 0, step)).collect();
    assert!(first.iter().rev().eq(&backwards));
    assert_ne!(of(&mut prices(WILD, 2), large, 0, 499), first[499], "another seed");
    // Within floor and ceiling, and around the mean.
    let on_demand = types.get(large).price_per_second.0;
    assert!(first.iter().all(|price| (on_demand / 10..=on_demand * 2).contains(price)));
    let mean = first.iter().chain(&other_zone).sum::<i128>() as f64 / 1000.0 / on_demand as f64;
    assert!((0.3..0.7).contains(&mean), "{mean}");
}

#[test]
fn the_first_time_above_is_that_of_a_look_at_every_second() {
    let (mut types, mut spot) = (types(), prices(WILD, 3));
    let large = types.named("m5.large").unwrap();
    let on_demand = types.get(large).price_per_second;
    let mut interrupted = 0;
    for (from, tenths) in [(0, 3), (299, 4), (300, 5), (301, 10), (5_000, 8), (9_999, 10), (77_000, 12)] {
        let (max, horizon) = (Money(on_demand.0 / 10 * tenths), 90_000);
        let plain = (from..horizon).find(|&second| spot.price(&types, large, ZoneId(1), at(second)) > max);
        let found = spot.next_change_above(&types, (large, ZoneId(1)), at(from), Some(max), at(horizon));
        assert_eq!(found, plain.map(at), "from {from} above {tenths}/10");
        interrupted += u32::from(found.is_some());
    }
    assert!(interrupted >= 3);
}

#[test]
fn billed_seconds_cost_the_price_in_force_when_they_begin() {
    let (mut types, mut spot) = (types(), prices(WILD, 4));
    let large = types.named("m5.large").unwrap();
    let start = Time(at(250).0 + NS_PER_S / 3);
    let prices: Vec<Money> = (0..2_000)
        .map(|second| spot.price(&types, large, ZoneId(0), start.after(Duration::from_seconds(second))))
        .collect();
    let on_demand = types.get(large).price_per_second;
    // No second costs more than the highest price of the request, by default the on-demand price.
    for (max_price, most) in [None, Some(on_demand.0 / 2), Some(on_demand.0 * 2)]
        .map(|most| (most.map(Money), most.map_or(on_demand, Money)))
    {
        let plain: Money = prices.iter().map(|price| (*price).min(most)).sum();
        let billed = Billed { start, seconds: 2_000 };
        assert_eq!(spot.amount(&types, (large, ZoneId(0)), max_price, billed), plain);
    }
    assert!(prices.iter().any(|price| *price > on_demand), "the price was above for a while");
}

#[test]
fn prices_of_a_file_hold_until_the_next_and_are_on_demand_before_the_first() {
    let text =
        "time_s,type,zone,usd_per_hour\n100,m5.large,a,0.036\n100,m5.large,b,0.072\n200.5,m5.large,a,0.2\n";
    let (mut types, mut spot) = (types(), file(text).unwrap());
    let [large, xlarge] = ["m5.large", "m5.xlarge"].map(|name| types.named(name).unwrap());
    let mut hourly =
        |kind, zone, time| Money(spot.price(&types, kind, ZoneId(zone), time).0 * 3600).to_micro_usd();
    let times = [at(0), at(100), at(200), Time(at(200).0 + NS_PER_S / 2), at(1_000_000)];
    assert_eq!(times.map(|time| hourly(large, 0, time)), [96_000, 36_000, 36_000, 200_000, 200_000]);
    assert_eq!((hourly(large, 1, at(300)), hourly(xlarge, 0, at(300))), (72_000, 192_000));
    // Above the on-demand price, the default of a request, from 200.5 s on.
    let first = spot.next_change_above(&types, (large, ZoneId(0)), at(150), None, Time::NEVER);
    assert_eq!(first, Some(times[3]));
}

#[test]
fn times_of_a_file_count_from_the_origin_that_is_stated() {
    let text = "time_s,type,zone,usd_per_hour\n2026-03-01T00:00:00Z,m5.large,a,0.01\n\
                2026-03-01T23:00:00Z,m5.large,a,0.02\n2026-03-02T01:00:00Z,m5.large,a,0.03\n";
    for (origin, hour, micro_usd) in [
        ("2026-03-02", 0, 20_000),
        ("2026-03-02", 1, 30_000),
        ("first", 0, 10_000),
        ("first", 23, 20_000),
        ("2026-02-28T23:00:00Z", 0, 96_000),
        ("2026-02-28T23:00:00Z", 1, 10_000),
        ("2026-02-28T23:00:00Z", 24, 20_000),
    ] {
        let (mut types, mut spot) = (types(), file_from(text, Some(origin)).unwrap());
        let large = types.named("m5.large").unwrap();
        let price = spot.price(&types, large, ZoneId(0), at(3600 * hour));
        assert_eq!(Money(price.0 * 3600).to_micro_usd(), micro_usd, "{origin} {hour}");
    }
    let problem = file(text).unwrap_err();
    assert!(problem.contains("is a date without an origin to count from"), "{problem}");
    assert!(problem.contains("set `billing.spot.price.origin = \"first\"`"), "{problem}");
    let reversed = "time_s,type,zone,usd_per_hour\n90,m5.large,a,1\n80,m5.large,a,1\n";
    assert!(
        file_from(reversed, Some("100")).unwrap_err().contains("found 80, which is before the row above")
    );
}

#[test]
fn every_problem_of_a_file_is_told_with_its_line() {
    let text = "time_s,type,zone,usd_per_hour
x,m5.large,a,1
5,m5.larg,a,1
4,m5.large,a,1
6,m5.large,c,1
7,m5.large,a,-1
8,m5.large,a
";
    let expected = "\
spot.csv:2: `time_s`: found `x`, which is not a number; expected seconds, 0 or more, to the nanosecond
spot.csv:3: `type`: found `m5.larg`, expected the name of an instance type
  help: did you mean `m5.large` or `m5.xlarge` or `m5d.large`?
spot.csv:4: `time_s`: found 4, which is before the row above
  help: put the rows in order of time
spot.csv:5: `zone`: found `c`, expected the name of a zone
  help: known: `a`, `b`
spot.csv:6: `usd_per_hour`: found `-1`, which is negative, expected USD per hour
spot.csv:7: found 3 values, expected 4";
    let found = file(text).unwrap_err();
    assert!(found.starts_with(expected), "{found}");
    let expected = "\
spot.csv:1: found no column `zone`, expected time_s,type,zone,usd_per_hour
spot.csv:1: found the unknown column `zones`
  help: did you mean `zone`?";
    assert_eq!(file("time_s,type,zones,usd_per_hour\n").unwrap_err(), expected);
}
