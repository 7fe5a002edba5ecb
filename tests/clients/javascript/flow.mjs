// Life of an instance and four refusals by the AWS SDK for JavaScript: `flow.mjs URL THROTTLED_URL`. Prints what it saw as JSON.

import {
  DescribeInstancesCommand,
  EC2Client,
  RunInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
  paginateDescribeInstances,
  waitUntilInstanceRunning,
  waitUntilInstanceStopped,
  waitUntilInstanceTerminated,
} from "@aws-sdk/client-ec2";

const [url, throttledUrl] = process.argv.slice(2);

function client(endpoint, account) {
  const credentials = { accessKeyId: account, secretAccessKey: "any" };
  return new EC2Client({ endpoint, region: "us-east-1", credentials, maxAttempts: 1 });
}

function launch(ec2, settings) {
  const usual = { ImageId: "ami-0123456789abcdef0", InstanceType: "m5.large", MinCount: 1, MaxCount: 1 };
  return ec2.send(new RunInstancesCommand({ ...usual, ...settings }));
}

async function refusal(ec2, settings) {
  try {
    await launch(ec2, settings);
    return null;
  } catch (error) {
    return [error.name, error.$metadata.httpStatusCode];
  }
}

const ec2 = client(url, "js");
const launched = await launch(ec2, { MinCount: 3, MaxCount: 3 });
const ids = { InstanceIds: launched.Instances.map((instance) => instance.InstanceId) };
// The server's clock jumps at each look: no need to sleep between them.
const waiter = { client: ec2, maxWaitTime: 60, minDelay: 1, maxDelay: 1 };
const states = [(await waitUntilInstanceRunning(waiter, ids)).state];
let pages = 0;
for await (const page of paginateDescribeInstances({ client: ec2, pageSize: 5 }, {})) {
  pages += page.Reservations.flatMap((reservation) => reservation.Instances).length;
}
await ec2.send(new StopInstancesCommand(ids));
states.push((await waitUntilInstanceStopped(waiter, ids)).state);
await ec2.send(new TerminateInstancesCommand(ids));
states.push((await waitUntilInstanceTerminated(waiter, ids)).state);
const after = await ec2.send(new DescribeInstancesCommand(ids));
const ended = after.Reservations.flatMap((reservation) => reservation.Instances);

const throttled = client(throttledUrl, "js");
await launch(throttled, {});
await launch(throttled, {});
const refusals = {
  fleet: await refusal(ec2, { InstanceType: "m5.24xlarge" }),
  subnet: await refusal(ec2, { SubnetId: "web", MinCount: 12, MaxCount: 12 }),
  quota: await refusal(client(url, "small"), { InstanceType: "m5.2xlarge" }),
  throttle: await refusal(throttled, {}),
};
console.log(JSON.stringify({ states, pages, ended: ended.map((instance) => instance.State.Name), refusals }));
