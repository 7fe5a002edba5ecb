// What the JavaScript SDKs' clients do after each answer, attempt by attempt: see measure.py, whose rows these are too.
//
//     npm install --no-save @aws-sdk/client-ec2@3.1169.0
//     node measure.mjs standard|adaptive NAME > FILE

import { readFileSync } from "node:fs";

const [mode, name] = process.argv.slice(2);
const START_MS = 1_000_000;
const ATTEMPT_MS = 125;
const ANSWERS = {
  answered: [200, null],
  throttled: [503, "RequestLimitExceeded"],
  full: [500, "InsufficientInstanceCapacity"],
  unavailable: [503, "ServiceUnavailable"],
  "at-fault": [400, "VcpuLimitExceeded"],
};

// Clock, sleep and dice of the client.
const clock = { now: START_MS, slept: 0, waited: 0 };
const dice = { state: 1n, last: null };
const after = (ms, kind) => {
  const whole = Math.max(Math.floor(ms), 1);
  clock.now += whole;
  clock[kind] += whole;
};
const realTimeout = globalThis.setTimeout;
Date.now = () => clock.now;
Math.random = () => {
  dice.state = (dice.state * 6364136223846793005n + 1442695040888963407n) % 2n ** 64n;
  dice.last = Number(dice.state >> 44n) / 2 ** 20;
  return dice.last;
};
globalThis.setTimeout = (then, ms, ...rest) => {
  if (ms > 0) after(ms, "slept");
  return realTimeout(then, 0, ...rest);
};

const connection = { answers: [], attempts: [] };
const attempt = () => {
  const { answers, attempts } = connection;
  const answer = answers[Math.min(attempts.length, answers.length - 1)];
  if (attempts.length > 0) Object.assign(attempts.at(-1), { delay: clock.slept, draw: dice.last });
  attempts.push({ answer, waited: clock.waited, delay: null, draw: null });
  clock.slept = clock.waited = 0;
  dice.last = null;
  clock.now += ATTEMPT_MS;
  if (answer === "timed-out") return { answer };
  const [status, code] = ANSWERS[answer];
  const text = code
    ? `<Response><Errors><Error><Code>${code}</Code><Message>m</Message></Error></Errors><RequestID>r</RequestID></Response>`
    : `<DescribeRegionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><regionInfo/></DescribeRegionsResponse>`;
  return { answer, status, text };
};

async function makeClient() {
  const { EC2Client, DescribeRegionsCommand } = await import("@aws-sdk/client-ec2");
  const { HttpResponse } = await import("@smithy/core/protocols");
  const retry = await import("@smithy/core/retry");
  retry.DefaultRateLimiter.setTimeoutFn = (then, ms) => {
    after(ms, "waited");
    return realTimeout(then, 0);
  };
  const requestHandler = {
    metadata: { handlerProtocol: "http/1.1" },
    handle: async () => {
      const { answer, status, text } = attempt();
      if (answer === "timed-out") throw Object.assign(new Error("timed out"), { name: "TimeoutError" });
      return { response: new HttpResponse({ statusCode: status, headers: {}, body: new TextEncoder().encode(text) }) };
    },
  };
  const credentials = { accessKeyId: "a", secretAccessKey: "b" };
  const client = new EC2Client({ region: "us-east-1", credentials, requestHandler, retryMode: mode });
  const strategy = await client.config.retryStrategy();
  const quota = strategy.standardRetryStrategy ?? strategy;
  return { call: () => client.send(new DescribeRegionsCommand({})), tokens: () => quota.getCapacity() };
}

function* calls() {
  let state = 7n;
  const { scripts } = JSON.parse(readFileSync(new URL("script.json", import.meta.url)));
  for (const script of scripts) {
    for (let i = 0; i < script.calls; i++) {
      let answers = [];
      if (script.weights) {
        const total = Object.values(script.weights).reduce((a, b) => a + b);
        for (let draw = 0; draw < 5; draw++) {
          state = (state * 6364136223846793005n + 1442695040888963407n) % 2n ** 64n;
          let left = Number((state >> 33n) % BigInt(total));
          for (const [answer, weight] of Object.entries(script.weights)) {
            if (left < weight) {
              answers.push(answer);
              break;
            }
            left -= weight;
          }
        }
      } else {
        answers = i < (script.first ?? script.calls) ? script.answers : script.then;
      }
      yield [script.name, script.pause_ms, answers];
    }
  }
}

const rows = [];
let before = null;
let client = null;
let number = 0;
for (const [script, pause, answers] of calls()) {
  if (script !== before) {
    Object.assign(clock, { now: START_MS });
    dice.state = 1n;
    client = await makeClient();
    [before, number] = [script, 0];
  }
  number += 1;
  clock.now += pause;
  Object.assign(connection, { answers, attempts: [] });
  clock.slept = clock.waited = 0;
  const called = (clock.now - START_MS) / 1000;
  await client.call().catch(() => {});
  connection.attempts.forEach((row, i) => {
    const isLast = i + 1 === connection.attempts.length;
    rows.push([
      name, script, number, i + 1, i === 0 ? called : "", row.answer, row.waited / 1000,
      isLast ? "" : row.draw * 2 ** 20, isLast ? "" : row.delay / 1000, isLast ? client.tokens() : "",
    ].join(","));
  });
}
process.stdout.write(rows.join("\n") + "\n");
