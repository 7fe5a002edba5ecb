//! Use of the address pools over time, with the time at which each runs out.

use crate::run::RunData;
use crate::run::summary::AddressPoolFigures;
use plimsoll_chart::axis::Axis;
use plimsoll_chart::downsample::Datum;
use plimsoll_chart::palette::SERIES;
use plimsoll_chart::plot::{At, Layer, Note, Plot};
use plimsoll_chart::scene::Ink;

/// A pool of addresses.
struct Pool {
    name: String,
    addresses: f64,
    exhausted_at_s: Option<f64>,
    peak: f64,
    used: Vec<Datum>,
}

/// Returns the chart; none where addresses have no limit. Of many pools it shows the fullest.
pub fn plots(run: &RunData) -> Vec<Plot> {
    let mut pools = pools(run);
    let count = pools.len();
    let fullness = |pool: &Pool| pool.peak / pool.addresses;
    pools.sort_by(|a, b| fullness(b).total_cmp(&fullness(a)));
    pools.truncate(SERIES - 1);
    if pools.is_empty() {
        return Vec::new();
    }
    let x = run.time_axis();
    let mut notes: Vec<(f64, Note)> = Vec::new();
    let mut layers = Vec::new();
    for (number, pool) in pools.iter().enumerate() {
        let share = |(at, used): &Datum| (*at, 100.0 * used / pool.addresses);
        layers.push(Layer::line(&pool.name, number, pool.used.iter().map(share).collect()));
        if let Some(at) = pool.exhausted_at_s {
            // The name comes last: it may be longer than the line.
            let label = format!("runs out after {}: {}", x.format(at), pool.name);
            notes.push((at, Note { at: At::X(at), label, ink: Ink::Series(number) }));
        }
    }
    notes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let all =
        if pools.len() < count { format!(" The fullest {} of {count}.", pools.len()) } else { String::new() };
    vec![Plot {
        name: "addresses".to_string(),
        title: "Addresses in use".to_string(),
        caption: format!(
            "Shares of the addresses that can be handed out. A line marks when a request first found none.{all}"
        ),
        x,
        y: Axis::percent("of the addresses, in use"),
        layers,
        notes: notes.into_iter().map(|(_, note)| note).collect(),
    }]
}

/// Returns the subnets and the public pool, where they have a limit.
fn pools(run: &RunData) -> Vec<Pool> {
    let pool = |name: String, pool: &AddressPoolFigures, used: Vec<Datum>| {
        let addresses = pool.addresses.filter(|addresses| *addresses > 0)? as f64;
        Some(Pool { name, addresses, exhausted_at_s: pool.exhausted_at_s, peak: pool.used_peak as f64, used })
    };
    let network = &run.summary.network;
    let subnets = network.subnets.iter().filter_map(|subnet| {
        let series = run.subnets.iter().find(|(known, _)| *known == subnet.name);
        let used = series.map(|(_, series)| series.points(["addresses_used"], |[used]| used));
        pool(format!("subnet {}", subnet.name), subnet, used.unwrap_or_default())
    });
    let used = run.series.points(["public_addresses_used"], |[used]| used);
    subnets.chain(pool("public".to_string(), &network.public, used)).collect()
}
