//! Closed forms of queueing theory, for the validation of models and the sizing of systems.
//!
//! Rates are per second and times in seconds, but any unit will do that both are in.

/// Returns the share of arrivals that `servers` without a queue refuse, offered so many Erlang (Erlang 1917).
pub fn erlang_b(servers: u32, offered: f64) -> f64 {
    (1..=servers).fold(1.0, |blocked, server| {
        let load = offered * blocked;
        load / (f64::from(server) + load)
    })
}

/// Returns the share of arrivals that wait for one of `servers`, offered so many Erlang (Erlang 1917): all of them where
/// that is too much.
pub fn erlang_c(servers: u32, offered: f64) -> f64 {
    let load = offered / f64::from(servers);
    if load >= 1.0 {
        return 1.0;
    }
    let blocked = erlang_b(servers, offered);
    blocked / (1.0 - load * (1.0 - blocked))
}

/// Returns the mean wait in M/M/c; infinite at too much load.
pub fn mmc_wait(servers: u32, arrival_rate: f64, mean_service: f64) -> f64 {
    let spare = f64::from(servers) / mean_service - arrival_rate;
    if spare <= 0.0 { f64::INFINITY } else { erlang_c(servers, arrival_rate * mean_service) / spare }
}

/// Returns the chance of a wait longer than `wait` in M/M/c.
pub fn mmc_wait_beyond(servers: u32, arrival_rate: f64, mean_service: f64, wait: f64) -> f64 {
    let spare = f64::from(servers) / mean_service - arrival_rate;
    if spare <= 0.0 {
        return 1.0;
    }
    erlang_c(servers, arrival_rate * mean_service) * libm::exp(-spare * wait)
}

/// Returns the mean wait in M/G/1 for services with this mean and squared coefficient of variation (Pollaczek 1930, Khinchine
/// 1932): 0 for constant services, 1 for exponential ones. Infinite at too much load.
pub fn pollaczek_khinchine(arrival_rate: f64, mean_service: f64, squared_variation: f64) -> f64 {
    let load = arrival_rate * mean_service;
    if load >= 1.0 {
        return f64::INFINITY;
    }
    load * mean_service * (1.0 + squared_variation) / (2.0 * (1.0 - load))
}

/// Figures of M/M/c/K.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Bounded {
    /// Share of arrivals refused.
    pub refused: f64,
    /// Mean length of the queue.
    pub queue_length: f64,
    /// Mean jobs in service.
    pub in_service: f64,
    /// Mean wait of the arrivals that were let in.
    pub wait: f64,
}

/// Returns the figures of M/M/c/K: `servers` and `queue_limit` places to wait, K of both together.
pub fn mmck(servers: u32, queue_limit: u32, arrival_rate: f64, mean_service: f64) -> Bounded {
    let offered = arrival_rate * mean_service;
    // The chances of 0, 1, … jobs inside, each to that of all servers busy: nothing overflows.
    let full = erlang_b(servers, offered);
    let load = offered / f64::from(servers);
    let (mut total, mut queue_length, mut here) = (1.0, 0.0, 1.0);
    for waiting in 1..=queue_limit {
        here *= load;
        total += here;
        queue_length += f64::from(waiting) * here;
    }
    // Below, they add up to 1 ÷ B − 1 of it.
    let total = total + 1.0 / full - 1.0;
    let (refused, queue_length) = (here / total, queue_length / total);
    let admitted = arrival_rate * (1.0 - refused);
    Bounded { refused, queue_length, in_service: offered * (1.0 - refused), wait: queue_length / admitted }
}

/// Returns the share of arrivals that give up in M/M/1 when each waits `patience` and no longer (Barrer 1957). An arrival
/// finds the work of a queue without patience cut at that height, which has a density in closed form.
pub fn mm1_patience(arrival_rate: f64, mean_service: f64, patience: f64) -> f64 {
    let service_rate = 1.0 / mean_service;
    let drift = service_rate - arrival_rate;
    let decay = libm::exp(-drift * patience);
    // ∫ e^(−drift·x) dx over the patience, which is the patience itself where the drift is none.
    let below = if drift == 0.0 { patience } else { -libm::expm1(-drift * patience) / drift };
    let empty = 1.0 / (1.0 + arrival_rate * below + arrival_rate * decay / service_rate);
    empty * arrival_rate * decay / service_rate
}

/// Returns the share of lookups that find a value in a cache whose values live for `ttl` from their load, looked up at
/// random times (λT ÷ (1 + λT): a load, then as many hits as come in its time).
pub fn ttl_hit_ratio(look_rate: f64, ttl: f64) -> f64 {
    let hits = look_rate * ttl;
    hits / (1.0 + hits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{found}, expected {expected}");
    }

    #[test]
    fn known_points() {
        assert_close(erlang_b(10, 8.0), 0.121_661_064_252_951_5);
        // M/M/1: the share that waits is the load; two servers: ρ²·2/(1 + ρ).
        assert_close(erlang_c(1, 0.7), 0.7);
        assert_close(erlang_c(2, 1.0), 1.0 / 3.0);
        assert_close(mmc_wait(1, 0.8, 1.0), 4.0);
        assert_eq!((erlang_c(2, 2.0), mmc_wait(2, 2.0, 1.0)), (1.0, f64::INFINITY));
        assert_close(mmc_wait_beyond(1, 0.5, 1.0, 2.0), 0.5 * libm::exp(-1.0));
        assert_eq!(mmc_wait_beyond(1, 1.0, 1.0, 2.0), 1.0);
    }

    #[test]
    fn exponential_services_make_both_formulas_one() {
        for load in [0.1, 0.5, 0.95] {
            assert_close(pollaczek_khinchine(load, 1.0, 1.0), mmc_wait(1, load, 1.0));
            assert_close(pollaczek_khinchine(load, 1.0, 0.0), mmc_wait(1, load, 1.0) / 2.0);
        }
        assert_eq!(pollaczek_khinchine(1.0, 1.0, 1.0), f64::INFINITY);
    }

    #[test]
    fn a_bound_of_nothing_is_erlangs_loss_and_a_far_one_is_none() {
        for (servers, offered) in [(1, 0.5), (4, 3.0), (4, 9.0)] {
            assert_close(mmck(servers, 0, offered, 1.0).refused, erlang_b(servers, offered));
        }
        let far = mmck(3, 2_000, 2.0, 1.0);
        assert_close(far.wait, mmc_wait(3, 2.0, 1.0));
        assert!(far.refused < 1e-100);
        // M/M/1/2 with ρ = 1: three states, equally likely.
        let even = mmck(1, 1, 1.0, 1.0);
        assert_close(even.refused, 1.0 / 3.0);
        assert_close(even.queue_length, 1.0 / 3.0);
        assert_close(even.in_service, 2.0 / 3.0);
        assert_close(even.wait, 0.5);
    }

    #[test]
    fn patience_lies_between_loss_and_waiting_for_ever() {
        // Without patience M/M/1 is a loss system; at load 1: λP₀(1 + …) with τ = 1 gives 1 ÷ 3.
        assert_close(mm1_patience(0.8, 1.0, 0.0), erlang_b(1, 0.8));
        assert_close(mm1_patience(1.0, 1.0, 1.0), 1.0 / 3.0);
        assert!(mm1_patience(0.8, 1.0, 200.0) < 1e-15);
        // Too much load: what is served is all that the server can.
        assert_close(mm1_patience(2.0, 1.0, 50.0), 0.5);
        let (near, at) = (mm1_patience(1.0 - 1e-9, 1.0, 3.0), mm1_patience(1.0, 1.0, 3.0));
        assert!((near - at).abs() < 1e-8, "{near} and {at} are one formula");
    }

    #[test]
    fn a_cache_hits_by_the_looks_in_its_time() {
        assert_close(ttl_hit_ratio(3.0, 1.0), 0.75);
        assert_eq!(ttl_hit_ratio(3.0, 0.0), 0.0);
    }
}
