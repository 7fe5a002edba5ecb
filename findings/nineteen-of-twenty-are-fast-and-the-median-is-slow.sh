#!/usr/bin/env bash
# Finding: of 1,000 answers 950 take 0.3 ms and 50 take 100 ms; by loadtest half of them take 100 ms, and so do 90 % and 95 %.
#
# Guess before the run: a table with the heading "Percentage of requests served within a certain time" has 0 or 1 ms for 50 and 90 %, 100 ms
# for 99 %, and for 95 % the one or the other.
#
# Seen on 2026-11-30 with loadtest 8.2.1 on Node.js, against a server of its own that turns the clock by what each answer takes: 100 ms
# in each of the four rows, at a mean of 5 ms. The library counts whole milliseconds, rounded down, so that the fast ones are in 0; where it
# looks for a percentile, 0 ms is the same to it as none found yet, and what it finds last is the next count that is not 0. If the
# fast ones take 1.3 ms the table is 1, 1, 100 and 100 ms, and if all take less than one, 0. The mean and the counts are right. README and
# `doc/` say nothing of it. It is the fast services, those that answer from a cache or a neighbour, whose typical request is as slow as the
# slowest few: who sizes by the median, or finds a knee where it rises, sees a jump from 0 to 100 ms with the first slow answer of 1,000.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit loadtest@8.2.1
cat >measure.mjs <<'JAVASCRIPT'
import http from "node:http";

let now = 1_000_000_000_000n;
process.hrtime.bigint = () => now;
const { loadTest } = await import("loadtest");

// The result for 1,000 answers, one after the other, of which every so many-th is slow; times in nanoseconds.
async function measure(fast, slow, every) {
  let answers = 0;
  const server = http.createServer((request, response) => {
    answers += 1;
    now += answers % every ? fast : slow;
    response.end("ok");
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const url = `http://127.0.0.1:${server.address().port}/`;
  const result = await loadTest({ url, maxRequests: 1000, concurrency: 1, quiet: true });
  server.close();
  return { counts: result.histogramMs, mean: result.meanLatencyMs, percentiles: result.percentiles };
}

const expect = (name, seen, counts, mean, ...percentiles) => {
  console.log(name, JSON.stringify(seen));
  const wanted = { counts, mean, percentiles: Object.fromEntries([50, 90, 95, 99].map((key, at) => [key, percentiles[at]])) };
  if (JSON.stringify(seen) !== JSON.stringify(wanted)) throw new Error("the behaviour has changed");
};
expect("0.3 ms, 50 of 100 ms:", await measure(300_000n, 100_000_000n, 20), { 0: 950, 100: 50 }, 5, 100, 100, 100, 100);
expect("1.3 ms, 50 of 100 ms:", await measure(1_300_000n, 100_000_000n, 20), { 1: 950, 100: 50 }, 6, 1, 1, 100, 100);
expect("0.3 ms, one of 100 ms:", await measure(300_000n, 100_000_000n, 1000), { 0: 999, 100: 1 }, 0.1, 100, 100, 100, 100);
expect("all of 0.3 ms:", await measure(300_000n, 300_000n, 1000), { 0: 1000 }, 0, 0, 0, 0, 0);
JAVASCRIPT
node measure.mjs
