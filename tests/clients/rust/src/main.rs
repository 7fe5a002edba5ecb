//! Life of an instance and four refusals by the AWS SDK for Rust: `flow URL THROTTLED_URL`. Prints what it saw as JSON.

use std::time::Duration;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::client::Waiters;
use aws_sdk_ec2::config::retry::RetryConfig;
use aws_sdk_ec2::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::operation::run_instances::RunInstancesOutput;
use aws_sdk_ec2::operation::run_instances::builders::RunInstancesFluentBuilder;
use aws_sdk_ec2::types::{Instance, InstanceType, Reservation};
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;

/// Time that a waiter waits at most. The server's clock jumps at each of its requests.
const PATIENCE: Duration = Duration::from_secs(60);

fn client(url: &str, account: &str) -> Client {
    let config = aws_sdk_ec2::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(url)
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new(account, "any", None, None, "flow"))
        .retry_config(RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}

fn launch(ec2: &Client, kind: &str, count: i32) -> RunInstancesFluentBuilder {
    let kind = InstanceType::from(kind);
    ec2.run_instances()
        .image_id("ami-0123456789abcdef0")
        .instance_type(kind)
        .min_count(count)
        .max_count(count)
}

/// Returns error code and HTTP status of a launch that is refused.
async fn refusal(launch: RunInstancesFluentBuilder) -> Result<Value, Failure> {
    match launch.send().await {
        Ok(RunInstancesOutput { .. }) => Err("the launch was not refused".into()),
        Err(SdkError::ServiceError(refused)) => {
            Ok(json!([refused.err().code(), refused.raw().status().as_u16()]))
        }
        Err(other) => Err(other.into()),
    }
}

fn ids(instances: &[Instance]) -> Vec<String> {
    instances.iter().filter_map(|instance| instance.instance_id().map(String::from)).collect()
}

fn instances(reservations: &[Reservation]) -> impl Iterator<Item = &Instance> {
    reservations.iter().flat_map(Reservation::instances)
}

/// Launches, waits, lists by pages, stops and terminates. Returns the number of instances listed, and the states at the end.
async fn life(ec2: &Client) -> Result<(usize, Vec<String>), Failure> {
    let launched = ids(launch(ec2, "m5.large", 3).send().await?.instances());
    ec2.wait_until_instance_running().set_instance_ids(Some(launched.clone())).wait(PATIENCE).await?;
    let mut pages = ec2.describe_instances().into_paginator().page_size(5).send();
    let mut listed = 0;
    while let Some(page) = pages.next().await {
        listed += instances(page?.reservations()).count();
    }
    ec2.stop_instances().set_instance_ids(Some(launched.clone())).send().await?;
    ec2.wait_until_instance_stopped().set_instance_ids(Some(launched.clone())).wait(PATIENCE).await?;
    ec2.terminate_instances().set_instance_ids(Some(launched.clone())).send().await?;
    ec2.wait_until_instance_terminated().set_instance_ids(Some(launched.clone())).wait(PATIENCE).await?;
    let after = ec2.describe_instances().set_instance_ids(Some(launched)).send().await?;
    let state = |of: &Instance| Some(of.state()?.name()?.as_str().to_string());
    Ok((listed, instances(after.reservations()).filter_map(state).collect()))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let urls: Vec<String> = std::env::args().skip(1).collect();
    let [url, throttled_url] = urls.as_slice() else { return Err("usage: flow URL THROTTLED_URL".into()) };
    let (ec2, throttled) = (client(url, "rust"), client(throttled_url, "rust"));
    let (listed, ended) = life(&ec2).await?;
    for _ in 0..2 {
        launch(&throttled, "m5.large", 1).send().await?;
    }
    let refusals = json!({
        "fleet": refusal(launch(&ec2, "m5.24xlarge", 1)).await?,
        "subnet": refusal(launch(&ec2, "m5.large", 12).subnet_id("web")).await?,
        "quota": refusal(launch(&client(url, "small"), "m5.2xlarge", 1)).await?,
        "throttle": refusal(launch(&throttled, "m5.large", 1)).await?,
    });
    println!("{}", json!({ "listed": listed, "ended": ended, "refusals": refusals }));
    Ok(())
}
