#!/usr/bin/env bash
# Finding: a service that answers in 100 ms has a median of 100 ms by opossum, and of 0 ms as soon as half of its calls are refused for want of
# room; and a call that runs into its timeout counts twice.
#
# Guess before the run: the circuit breaker's percentiles are of "execution latencies", one for each call that was executed: 100 ms if all
# calls are, and if ten of a hundred are; and if six of a hundred run into a timeout of 1 s, 90 % take 5 ms at most.
#
# Seen on 2026-12-01 with opossum 10.0.0 on Node.js, its clock turned by the script. With `capacity: 10`, a hundred calls at once are ten of
# 100 ms and ninety refused, each of which adds a latency of 0 ms: median and p90 are 0, the mean 10 ms; of a thousand at once p99 is 0,
# the mean 1 ms. Calls that an open circuit refuses add none. A call that runs into the timeout is told as `timeout` and as `failure`,
# and each adds its second: six of a hundred make 106 latencies and a p90 of 1 s, 34 make 134 and a median of 1 s. The counts beside
# them, of calls, refusals and timeouts, are right. README and docstrings have neither; 9.0.0, the newest for Node.js 20, does the same. Who
# finds `capacity`, or the size of the service behind it, by these percentiles sees latency fall the more, the greater the overload, and a
# scaler by p90 takes machines away at the peak.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit opossum@10.0.0
cat >latencies.js <<'JAVASCRIPT'
const assert = require("node:assert");
const { mock } = require("node:test");
mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
const CircuitBreaker = require("opossum");

// So many calls at once, each of which lasts as long as told: number of latencies, mean, median, p90 and p99 in milliseconds.
async function latencies(calls, lasts, options, open) {
  const service = (number) => new Promise((answer) => setTimeout(answer, lasts(number)));
  const breaker = new CircuitBreaker(service, { errorThresholdPercentage: 100, rollingCountTimeout: 60_000, timeout: 1000, ...options });
  if (open) breaker.open();
  const answers = Array.from({ length: calls }, (_, number) => breaker.fire(number).catch((error) => error.code));
  for (let ms = 0; ms < 3000; ms += 5) {
    await new Promise(setImmediate);
    mock.timers.tick(5);
  }
  await Promise.all(answers);
  const { fires, successes, timeouts, semaphoreRejections, rejects, latencyTimes, latencyMean, percentiles } = breaker.stats;
  breaker.shutdown();
  assert.equal(fires, calls);
  const seen = [latencyTimes.length, Math.round(latencyMean), percentiles[0.5], percentiles[0.9], percentiles[0.99]];
  const [number, mean, ...rest] = seen;
  console.log(`${fires} calls, ${successes} answered, ${semaphoreRejections + rejects} refused, ${timeouts} timed out: ${number} latencies,`,
    `mean ${mean} ms, median, p90 and p99 ${rest.join(", ")} ms`);
  return seen;
}

(async () => {
  const even = () => 100, slow = (share) => (number) => (number < share ? 2000 : 5);
  const capacity = 10;
  assert.deepEqual(await latencies(100, even, {}), [100, 100, 100, 100, 100], "the plain case has changed");
  assert.deepEqual(await latencies(20, even, { capacity }), [20, 50, 0, 100, 100], "refusals have changed");
  assert.deepEqual(await latencies(100, even, { capacity }), [100, 10, 0, 0, 100], "refusals have changed");
  assert.deepEqual(await latencies(1000, even, { capacity }), [1000, 1, 0, 0, 0], "refusals have changed");
  assert.deepEqual(await latencies(100, even, {}, true), [0, 0, 0, 0, 0], "the open circuit has changed");
  assert.deepEqual(await latencies(100, slow(6), {}), [106, 118, 5, 1000, 1000], "timeouts have changed");
  assert.deepEqual(await latencies(100, slow(34), {}), [134, 510, 1000, 1000, 1000], "timeouts have changed");
})();
JAVASCRIPT
node --no-warnings latencies.js
