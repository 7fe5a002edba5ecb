#!/usr/bin/env bash
# Finding: at a fixed rate autocannon makes 10,000 latencies of a hundred answers that each took 100 ms, with a median of 52 ms; and where one
# answer in twenty is slow, it raises the median from 5 ms to more than 100.
#
# Guess before the run: at a fixed rate latencies are corrected for requests that could not be sent while a connection waited (coordinated
# omission). A server that answers each request in a fifth of the time to the next has none of these, so the median is 100 ms; of
# answers of 5 ms of which one in twenty takes 400 ms, still less than the time to the next request, it is 5 ms.
#
# Seen on 2026-11-30 with autocannon 9.0.0 and hdr-histogram-js 3.0.1 on Node.js: twenty requests a second over ten connections are one
# every 500 ms for each. The histogram is told to expect one every millisecond, whatever the rate from one a second on (the inverse of
# the rate, in seconds, rounded up and taken for milliseconds), so that each answer adds one of each millisecond below its own. With
# 500 ms it adds none, nor with `ignoreCoordinatedOmission`, which the manual advises against, as reports might mislead without the
# correction. With it a service is twice as fast as it is, or its typical request twenty times slower, and who sizes a fleet or
# fits service times by such a report gets both wrong. The count of answers is right, and so are latencies without a fixed rate.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit autocannon@9.0.0 hdr-histogram-js@3.0.1
cat >latencies.mjs <<'JAVASCRIPT'
import assert from "node:assert";
import http from "node:http";
import autocannon from "autocannon";
import { build } from "hdr-histogram-js";

const CONNECTIONS = 10, PER_SECOND = 20;
const INTERVAL_MS = (1000 * CONNECTIONS) / PER_SECOND;
let answered, lasts;
const server = http.createServer((_, response) => setTimeout(() => response.end("done"), lasts(answered++)));
await new Promise((listens) => server.listen(0, "127.0.0.1", listens));

async function median(server_lasts, more) {
  [answered, lasts] = [0, server_lasts];
  const own = build();
  const options = { url: `http://127.0.0.1:${server.address().port}`, connections: CONNECTIONS, duration: 5, overallRate: PER_SECOND };
  const run = autocannon({ ...options, ...more });
  run.on("response", (_client, _status, _bytes, ms) => own.recordValueWithExpectedInterval(Math.max(1, Math.round(ms)), INTERVAL_MS));
  const { requests, latency } = await run;
  const asked = `with ${JSON.stringify(more)}: ${requests.total} answers, ${latency.totalCount} latencies`;
  console.log(`${asked}, median ${latency.p50} ms, p90 ${latency.p90} ms; corrected by 500 ms: median ${own.getValueAtPercentile(50)} ms`);
  assert(Math.abs(own.getValueAtPercentile(50) - lasts(0)) < 15, "this machine is too busy for the test");
  return [latency.p50, latency.totalCount / requests.total];
}

const even = () => 100, uneven = (number) => (number % 20 === 19 ? 400 : 5);
const plain = { ignoreCoordinatedOmission: true };
const seen = [];
for (const server_lasts of [even, uneven]) {
  console.log(server_lasts === even ? "each answer after 100 ms" : "answers after 5 ms, one in twenty after 400 ms");
  seen.push([await median(server_lasts, {}), await median(server_lasts, plain)]);
}
server.close();
const [[[half, a_hundred_each], [whole, one_each]], [[slow], [quick]]] = seen;
assert(half > 40 && half < 65 && a_hundred_each > 90, "the correction has changed");
assert(whole > 95 && whole < 115 && one_each === 1, "what is not corrected has changed");
assert(slow > 70 && quick < 20, "the uneven server's latencies have changed");
JAVASCRIPT
node latencies.mjs
