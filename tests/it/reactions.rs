//! Worlds drawn from a seed in which demand reacts in every way at once: each with every check, and from checkpoints.

use std::fmt::Write;

use plimsoll::engine::random::{Purpose, Seed};

use crate::checkpoints;
use crate::support::{CHECKED, Experiment, Notes, UNCHECKED, launches};

/// Returns a world of a seed: hosts that fail, launches that wait, preempt and are tried again, pools and groups.
pub fn draw(seed: u64) -> Experiment {
    let mut random = Seed(seed).stream(Purpose::Mix, 19);
    let mut below = |bound: u64| random.below(bound);
    let zones = 1 + below(3);
    let full = ["refuse", "wait", "wait-backfill"][below(3) as usize];
    let waits = full != "refuse";
    let mut text = format!(
        "duration = '4h'\nwarmup = '10m'\noutput.sample_every = '5m'\nplacement = {{ strategy = 'best-fit', when_full = '{full}'"
    );
    if waits && below(2) == 0 {
        write!(
            text,
            ", longest_wait = '{}m', preempted = '{}'",
            5 + below(60),
            ["requeue", "terminate"][below(2) as usize]
        )
        .unwrap();
    }
    // From a stream of its own, so that the other worlds stay as they are.
    let reclaims = Seed(seed).stream(Purpose::Mix, 20).below(3) == 0;
    if reclaims {
        text += ", reclaims_spot = true";
    }
    text += " }\n";
    let boot = ["'0s'", "'40s'", "{ kind = 'lognormal', median = '30s', mean = '50s' }"][below(3) as usize];
    writeln!(text, "lifecycle = {{ boot = {boot}, stop = '20s', terminate = '{}s' }}", below(2) * 15)
        .unwrap();
    for zone in 0..zones {
        let hosts = 2 + below(3);
        writeln!(
            text,
            "[[zones]]\nname = 'z{zone}'\nhosts = [{{ count = {hosts}, vcpu = 16, memory_gib = 64 }}]"
        )
        .unwrap();
    }
    if below(2) == 0 {
        let on_failure = ["restart", "stop", "terminate"][below(3) as usize];
        writeln!(text, "[faults.hosts]\nmean_time_between_failures = '6h'\ndetection = '20s'\nrepair = '15m'\non_failure = '{on_failure}'").unwrap();
    }
    if below(3) == 0 {
        text += "[control_plane]\npreset = 'zero'\n[control_plane.workers]\ncount = 2\nservice = { kind = 'exponential', mean = '2s' }\n";
    }
    for source in 0..1 + below(3) {
        let (rate, life) = (5 + below(30), 5 + below(60));
        writeln!(
            text,
            "[[workload.arrivals]]\nprocess = {{ kind = 'poisson', per_hour = {rate} }}\n\
             lifetime = {{ kind = 'exponential', mean = '{life}m' }}\ntypes = {{ 'm5.large' = 2, 'm5.2xlarge' = 1 }}"
        )
        .unwrap();
        if below(2) == 0 {
            writeln!(text, "count = 3\nmin_count = {}", 1 + below(3)).unwrap();
        }
        if below(2) == 0 {
            writeln!(text, "zone = 'z{}'", below(zones)).unwrap();
        }
        if waits && below(2) == 0 {
            writeln!(text, "priority = {source}\npreempts = {}", below(2) == 0).unwrap();
        }
        if below(2) == 0 {
            let zones = ["named", "any"][below(2) as usize];
            writeln!(
                text,
                "[workload.arrivals.on_refusal]\nattempts = {}\nfirst_delay = '{}s'\nzones = '{zones}'\ntypes = ['c5.large']",
                1 + below(5),
                20 + below(100)
            )
            .unwrap();
        }
    }
    if reclaims {
        text += "[[workload.arrivals]]\nprocess = { kind = 'poisson', per_hour = 40 }\n\
            lifetime = { kind = 'exponential', mean = '40m' }\ntypes = { 'm5.large' = 1 }\npurchase = 'spot'\n";
    }
    if below(2) == 0 {
        let state = ["running", "stopped", "hibernated"][below(3) as usize];
        writeln!(
            text,
            "[[workload.jobs]]\npool = 'runners'\nprocess = {{ kind = 'poisson', per_hour = 20 }}\n\
             lifetime = {{ kind = 'exponential', mean = '5m' }}\n\
             [[pools]]\nname = 'runners'\ntypes = ['m5.large', 'c5.large']\nsize = {}\nstate = '{state}'",
            1 + below(4)
        )
        .unwrap();
    }
    for group in 0..below(3) {
        let termination = ["oldest", "newest", "allocation-strategy"][below(3) as usize];
        let mut other = Seed(seed).stream(Purpose::Mix, 40 + group);
        let allocation = ["prioritized", "lowest-price", "capacity-optimized", "price-capacity-optimized"]
            [other.below(4) as usize];
        let settings = match other.below(3) {
            0 => "on_demand_base = 1\nspot_share = 0.5",
            1 => "warm_pool = { size = 1, prepared_max = 6, state = 'stopped', reuse_on_scale_in = true }",
            _ => {
                "maintenance = { min_healthy = 0.5, max_healthy = 1 }\ncooldown = '3m'\nwarm_pool = { state = 'running', prepared_max = 4 }"
            }
        };
        writeln!(
            text,
            "[[autoscaling_groups]]\nname = 'g{group}'\nmin = 1\nmax = {}\ntypes = ['m5.xlarge', 'm5.large']\n\
             warmup = '{}s'\ntermination = '{termination}'\nallocation = '{allocation}'\n{settings}\n\
             [autoscaling_groups.load]\nunits_per_instance = 10\nqueue = {}\nnoise = 0.{}\n\
             offered = {{ kind = 'diurnal', units = {}, peak_to_mean = 1.8, peak_at = '2h' }}\n\
             [[autoscaling_groups.policies]]\nkind = 'target-tracking'\ntarget = 0.6\n\
             [[autoscaling_groups.policies]]\nkind = 'step'\nthreshold = 0.9\nsteps = [{{ from = 0, change = 1 }}, {{ from = 0.3, change = 3 }}]",
            4 + below(8),
            below(180),
            other.below(2) == 0,
            below(4),
            10 + below(40)
        )
        .unwrap();
    }
    Experiment::new(&text)
}

#[test]
fn drawn_worlds_conserve_everything_and_count_every_launch_once() {
    let mut sums = [0u64; 9];
    for seed in 0..100 {
        let experiment = draw(seed);
        let outcome = experiment.run_with(&[], CHECKED, &mut Notes::default());
        let again = experiment.run_with(&[], UNCHECKED, &mut Notes::default());
        assert_eq!(outcome.digest, again.digest, "{}", experiment.describe(seed));
        let course = &outcome.launch_course;
        let (requested, succeeded, _) = launches(&outcome);
        let failed = outcome.launch.failed();
        let open = requested - succeeded - failed;
        // What was preempted and waits again is counted already.
        assert!(open <= course.waiting_at_end + course.retrying_at_end, "{}", experiment.describe(seed));
        assert_eq!(course.by_attempt.values().sum::<u64>(), succeeded, "{}", experiment.describe(seed));
        let by_choice = course.first_choice + course.other_type + course.other_zone;
        assert_eq!(by_choice, succeeded, "{}", experiment.describe(seed));
        let of_pools: u64 = outcome.jobs.iter().map(|(_, jobs)| jobs.arrived).sum();
        let of_groups: u64 = outcome.autoscaling_groups.iter().map(|(_, group)| group.replaced).sum();
        let happened = [
            course.waited,
            course.preempted,
            course.requeued,
            course.other_type,
            course.other_zone,
            course.attempts - outcome.launch.requested.min(course.attempts),
            of_pools,
            of_groups,
            outcome.disruptions.spot_reclaimed,
        ];
        sums.iter_mut().zip(happened).for_each(|(sum, count)| *sum += count);
    }
    assert!(
        sums[..5].iter().all(|sum| *sum > 0) && sums[6..].iter().all(|sum| *sum > 0),
        "all of it happens: {sums:?}"
    );
}

#[test]
fn worlds_in_which_demand_reacts_go_on_from_checkpoints() {
    for seed in 0..12 {
        let experiment = draw(seed);
        let mut random = Seed(seed).stream(Purpose::Mix, 94);
        let describe = || experiment.describe(seed);
        checkpoints::check(&experiment.scenario(&[]), CHECKED, &mut random, &describe);
    }
}
