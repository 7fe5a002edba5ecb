//! Filters and pages of the describing actions.
//!
//! EC2 API reference, "Filter", and EC2 user guide, "Filtering resources" (read 2026-11): a resource has to meet every filter,
//! by one of its values; `*` stands for any characters, `?` for one, and a backslash for the character after it.

use crate::api_error::ApiError;
use crate::query::Params;
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};

/// The most filters of a call, and the most values over all of them.
const MOST_FILTERS: usize = 50;
const MOST_VALUES: usize = 200;

/// Conditions of a describing action, all of which have to be met.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DescribeFilters(Vec<(String, Vec<String>)>);

impl DescribeFilters {
    /// Reads the filters of a request. Each name is one of `known`; one that ends with `:` begins a name, as `tag:` does.
    pub fn read(params: &Params, known: &[&str]) -> Result<DescribeFilters, ApiError> {
        let mut filters = Vec::new();
        for item in params.items("Filter") {
            let name = params.required(&format!("{item}.Name"))?;
            let is_known =
                |known: &&str| if known.ends_with(':') { name.starts_with(known) } else { *known == name };
            if !known.iter().any(is_known) {
                let message = format!("The filter '{name}' is invalid. Modelled are: {}", known.join(", "));
                return Err(ApiError::client("InvalidParameterValue", message));
            }
            let values = params.list(&format!("{item}.Value")).into_iter().map(String::from).collect();
            filters.push((name.to_string(), values));
        }
        let values: usize = filters.iter().map(|(_, values): &(_, Vec<_>)| values.len()).sum();
        if filters.len() > MOST_FILTERS || values > MOST_VALUES {
            let asked = filters.len() as u64;
            let reason =
                Failure::FilterLimitExceeded.because(LimitKind::FiltersPerCall, asked, MOST_FILTERS as u64);
            return Err(FailureReason::into(reason));
        }
        Ok(DescribeFilters(filters))
    }

    /// Returns whether a resource meets all, given the values that it has by the name of a filter.
    pub fn keep(&self, values_of: impl Fn(&str) -> Vec<String>) -> bool {
        self.0.iter().all(|(name, wanted)| {
            let found = values_of(name);
            wanted.iter().any(|pattern| found.iter().any(|value| matches(pattern, value)))
        })
    }

    /// Returns the filters, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }
}

/// Returns the values that tags give to a filter: `tag:KEY`, `tag-key`, `tag-value`.
pub fn tag_values<'a>(name: &str, tags: impl IntoIterator<Item = (&'a String, &'a String)>) -> Vec<String> {
    let wanted = name.strip_prefix("tag:");
    let value = |(key, value): (&String, &String)| match (name, wanted) {
        (_, Some(wanted)) => (wanted == key).then(|| value.clone()),
        ("tag-key", None) => Some(key.clone()),
        _ => Some(value.clone()),
    };
    tags.into_iter().filter_map(value).collect()
}

/// Returns whether a value is of a pattern.
fn matches(pattern: &str, value: &str) -> bool {
    let (pattern, value): (Vec<char>, Vec<char>) = (pattern.chars().collect(), value.chars().collect());
    let (mut at, mut read) = (0, 0);
    // Place after the last `*`, and the characters that it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    loop {
        let literal = pattern.get(at) == Some(&'\\') && at + 1 < pattern.len();
        let step = 1 + usize::from(literal);
        let wanted = pattern.get(at + step - 1);
        if !literal && wanted == Some(&'*') {
            star = Some((at + 1, read));
            at += 1;
            continue;
        }
        if read == value.len() {
            if at == pattern.len() {
                return true;
            }
        } else if wanted.is_some_and(|wanted| *wanted == value[read] || (!literal && *wanted == '?')) {
            (at, read) = (at + step, read + 1);
            continue;
        }
        match &mut star {
            Some((after, taken)) if *taken < value.len() => {
                *taken += 1;
                (at, read) = (*after, *taken);
            }
            _ => return false,
        }
    }
}

/// Page that a request asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PageRequest {
    /// The most results; `None`: all at once.
    pub most: Option<usize>,
    /// Position after which it begins, as the token of the last page says.
    pub from: u64,
}

impl PageRequest {
    /// Reads the page of a request that takes so many results at least and at most; `position` reads its token.
    pub fn read(
        params: &Params,
        (least, most): (u32, u32),
        position: impl Fn(&str) -> Option<u64>,
    ) -> Result<PageRequest, ApiError> {
        let results = params.number::<u32>("MaxResults")?;
        if let Some(results) = results.filter(|results| !(least..=most).contains(results)) {
            let expected = format!("a value from {least} to {most}");
            return Err(ApiError::invalid("MaxResults", &results.to_string(), &expected));
        }
        let from = match params.get("NextToken").filter(|token| !token.is_empty()) {
            None => 0,
            Some(token) => position(token).ok_or_else(|| {
                ApiError::client("InvalidNextToken", "The token of the page is none of this server")
            })?,
        };
        Ok(PageRequest { most: results.map(|results| results as usize), from })
    }

    /// Splits a list in order into this page and the position of the next one.
    pub fn cut<T>(
        &self,
        items: impl IntoIterator<Item = T>,
        position: impl Fn(&T) -> u64,
    ) -> (Vec<T>, Option<u64>) {
        let mut items = items.into_iter().filter(|item| position(item) >= self.from);
        let page: Vec<T> = items.by_ref().take(self.most.unwrap_or(usize::MAX)).collect();
        let next = items.next().map(|first| position(&first));
        (page, next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_ec2_says() {
        let cases = [
            ("m5.*", "m5.large", true),
            ("m5.*", "m6.large", false),
            ("*", "", true),
            ("?5.large", "m5.large", true),
            ("?", "", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            (r"\*", "*", true),
            (r"\*", "x", false),
            ("", "", true),
            ("", "x", false),
            ("**a", "bba", true),
        ];
        for (pattern, value, expected) in cases {
            assert_eq!(matches(pattern, value), expected, "{pattern} {value}");
        }
    }

    #[test]
    fn a_resource_meets_every_filter_by_one_of_its_values() {
        let form = b"Filter.1.Name=instance-type&Filter.1.Value.1=t3.*&Filter.1.Value.2=m5.large&Filter.2.Name=tag:a\
                     &Filter.2.Value.1=1";
        let params = Params::parse(form).unwrap();
        let filters = DescribeFilters::read(&params, &["instance-type", "tag:"]).unwrap();
        let resource = |kind: &'static str, tag: &'static str| {
            move |name: &str| vec![if name == "tag:a" { tag.to_string() } else { kind.to_string() }]
        };
        assert!(filters.keep(resource("m5.large", "1")));
        assert!(!filters.keep(resource("m5.large", "2")));
        assert!(!filters.keep(resource("c5.large", "1")));
        assert!(DescribeFilters::read(&params, &["instance-type"]).is_err());
    }

    #[test]
    fn pages_join_up_to_the_list() {
        let items: Vec<u64> = (0..23).map(|number| number * 3).collect();
        let mut page = PageRequest { most: Some(5), from: 0 };
        let mut all = Vec::new();
        loop {
            let (part, next) = page.cut(items.iter().copied(), |item| *item);
            all.extend(part);
            let Some(next) = next else { break };
            page.from = next;
        }
        assert_eq!(all, items);
    }
}
