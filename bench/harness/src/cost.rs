//! What a million inbound messages cost, from counted operations and the prices of `bench/prices.json`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Error;
use crate::path::Path;
use crate::tally::Counted;

/// The request path may cost this much (design goal), in dollars.
pub const REQUEST_PATH_LIMIT: f64 = 2.80;

#[derive(Debug, Deserialize)]
struct Price {
    price: f64,
}

#[derive(Debug, Deserialize)]
struct Assumption {
    value: f64,
}

/// The price table, with what must be assumed about time and logs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Prices {
    /// When the prices were read.
    pub as_of: String,
    per_million: BTreeMap<String, Price>,
    assumptions: BTreeMap<String, Assumption>,
}

/// One part of a bill: what for, how much of it for each message, dollars for a million messages.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What for.
    pub what: &'static str,
    /// How much of it for each message.
    pub amount: f64,
    /// Dollars for a million messages.
    pub dollars: f64,
}

/// A bill for a million messages.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bill(pub Vec<Line>);

impl Bill {
    /// Dollars.
    pub fn total(&self) -> f64 {
        self.0.iter().map(|line| line.dollars).sum()
    }
}

impl Prices {
    /// Those of `bench/prices.json`.
    ///
    /// # Errors
    /// When it is no price table.
    pub fn bundled() -> Result<Self, Error> {
        Ok(serde_json::from_str(include_str!("../../prices.json"))?)
    }

    /// What is assumed.
    ///
    /// # Errors
    /// When it is not in the table.
    pub fn assumed(&self, name: &str) -> Result<f64, Error> {
        Ok(self.assumptions.get(name).ok_or_else(|| format!("no assumption {name}"))?.value)
    }

    fn line(&self, what: &'static str, price: &str, amount: f64) -> Result<Line, Error> {
        let price = self.per_million.get(price).ok_or_else(|| format!("no price {price}"))?.price;
        Ok(Line { what, amount, dollars: price * amount })
    }

    /// The webhook: what the provider's request costs until its answer.
    ///
    /// # Errors
    /// When a price is missing.
    pub fn request_path(&self, counted: &Counted) -> Result<Bill, Error> {
        let mut lines = vec![self.line("HTTP API request", "httpApiRequest", 1.0)?];
        lines.extend(self.invocation(1.0, self.assumed("webhookMilliseconds")?)?);
        lines.extend(self.table(counted)?);
        lines.push(self.line(
            "other requests (SQS)",
            "sqsRequest",
            f64::from(u32::try_from(counted.to("sqs"))?),
        )?);
        Ok(Bill(lines))
    }

    /// What follows from the stream: the projector, which writes summary and log. Reading the stream is free.
    ///
    /// # Errors
    /// When a price is missing.
    pub fn projection(&self, path: &Path) -> Result<Bill, Error> {
        let invocations = 1.0 / self.assumed("projectorBatch")?;
        let mut lines = self.invocation(invocations, self.assumed("projectorMilliseconds")?)?;
        lines.extend(self.table(&path.projector)?);
        lines.push(self.line("jobs (SQS)", "sqsRequest", f64::from(path.jobs))?);
        Ok(Bill(lines))
    }

    /// Lambda's own lines in the log, for each invocation: a deployment can switch them off.
    ///
    /// # Errors
    /// When a price is missing.
    pub fn platform_log(&self) -> Result<Line, Error> {
        self.line("START, END, REPORT: log MB", "logMegabyte", self.assumed("platformLogBytes")? / 1e6)
    }

    fn invocation(&self, count: f64, milliseconds: f64) -> Result<Vec<Line>, Error> {
        let gigabytes = self.assumed("memoryMegabytes")? / 1024.0;
        let megabytes_logged = self.assumed("logBytes")? / 1e6;
        Ok(vec![
            self.line("Lambda request", "lambdaRequest", count)?,
            self.line("Lambda GB-second", "lambdaGigabyteSecond", count * gigabytes * milliseconds / 1000.0)?,
            self.line("log MB", "logMegabyte", count * megabytes_logged)?,
        ])
    }

    fn table(&self, counted: &Counted) -> Result<Vec<Line>, Error> {
        Ok(vec![
            self.line("DynamoDB write unit", "dynamoWriteUnit", counted.write_units())?,
            self.line("DynamoDB read unit", "dynamoReadUnit", counted.read_units())?,
        ])
    }
}
