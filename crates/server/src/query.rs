//! Parameters of EC2's Query protocol: a form whose names are paths, with items of lists by number from 1.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use crate::api_error::ApiError;

/// The most parameters of a request. EC2's largest lists have a thousand items.
const MOST_PARAMETERS: usize = 10_000;

/// Parameters of a request, by name.
#[derive(Clone, Debug, Default)]
pub struct Params(BTreeMap<String, String>);

impl Params {
    /// Reads a form.
    pub fn parse(form: &[u8]) -> Result<Params, ApiError> {
        let mut params = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(form) {
            if params.len() >= MOST_PARAMETERS {
                let message = format!("The request has more than {MOST_PARAMETERS} parameters");
                return Err(ApiError::client("InvalidParameterCombination", message));
            }
            if let Some(name) = params.insert(name.clone().into_owned(), value.into_owned()).map(|_| name) {
                let message = format!("The parameter {name} is there twice");
                return Err(ApiError::client("InvalidParameterCombination", message));
            }
        }
        Ok(Params(params))
    }

    /// Returns the names of all parameters, with `N` for each number of a list.
    pub fn patterns(&self) -> BTreeSet<String> {
        self.0.keys().map(|name| pattern(name)).collect()
    }

    /// Returns a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Returns a parameter that has to be there.
    pub fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.get(name).filter(|value| !value.is_empty()).ok_or_else(|| ApiError::missing(name))
    }

    /// Returns a number.
    pub fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, ApiError> {
        let read = |text: &str| text.parse().map_err(|_| ApiError::invalid(name, text, "a whole number"));
        self.get(name).map(read).transpose()
    }

    /// Returns true or false.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        let read = |text: &str| match text {
            "true" | "True" => Ok(true),
            "false" | "False" => Ok(false),
            _ => Err(ApiError::invalid(name, text, "true or false")),
        };
        self.get(name).map(read).transpose()
    }

    /// Returns the parameters of a structure, by their names in it.
    pub fn within(&self, structure: &str) -> Params {
        let start = format!("{structure}.");
        let inside = self.0.range(start.clone()..).take_while(|(key, _)| key.starts_with(&start));
        Params(inside.map(|(key, value)| (key[start.len()..].to_string(), value.clone())).collect())
    }

    /// Sets a parameter, where there is a value.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.0.insert(name.to_string(), value.to_string());
        }
    }

    /// Returns the items of a list `NAME.1`, `NAME.2` …, in the order of their numbers.
    pub fn list(&self, name: &str) -> Vec<&str> {
        self.items(name).into_iter().filter_map(|item| self.get(&item)).collect()
    }

    /// Returns the beginnings of the names of a list's items, `NAME.1`, `NAME.2` …, in the order of their numbers.
    pub fn items(&self, name: &str) -> Vec<String> {
        let start = format!("{name}.");
        let after = self.0.range(start.clone()..).take_while(|(key, _)| key.starts_with(&start));
        let number = |key: &String| key[start.len()..].split('.').next()?.parse::<u32>().ok();
        let numbers: BTreeSet<u32> = after.filter_map(|(key, _)| number(key)).collect();
        numbers.into_iter().map(|number| format!("{start}{number}")).collect()
    }
}

/// Returns the name of a parameter with `N` for each number of a list.
fn pattern(name: &str) -> String {
    let is_number = |step: &str| !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
    let steps = name.split('.').map(|step| if is_number(step) { "N" } else { step });
    steps.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(form: &str) -> Params {
        Params::parse(form.as_bytes()).unwrap()
    }

    #[test]
    fn lists_are_in_the_order_of_their_numbers() {
        let params = params("InstanceId.10=c&InstanceId.2=b&InstanceId.1=a&InstanceIds.1=x");
        assert_eq!(params.list("InstanceId"), ["a", "b", "c"]);
        assert_eq!(params.list("Instance"), Vec::<&str>::new());
    }

    #[test]
    fn lists_of_structures_have_their_beginnings() {
        let params = params("Tag.1.Key=a&Tag.1.Value=1&Tag.2.Key=b");
        assert_eq!(params.items("Tag"), ["Tag.1", "Tag.2"]);
        let expected = ["Tag.N.Key".to_string(), "Tag.N.Value".to_string()];
        assert_eq!(params.patterns(), expected.into());
    }

    #[test]
    fn a_structure_has_parameters_of_its_own() {
        let mut inside = params("A.Tag.1.Key=a&A.Tag.1.Value=1&AB=2&B.C=3&A=4").within("A");
        assert_eq!((inside.items("Tag"), inside.patterns().len()), (vec!["Tag.1".to_string()], 2));
        inside.set("Tag.1.Value", Some("2"));
        inside.set("Tag.1.Key", None);
        assert_eq!((inside.get("Tag.1.Key"), inside.get("Tag.1.Value")), (Some("a"), Some("2")));
    }

    #[test]
    fn values_are_typed_or_told_wrong() {
        let params = params("MinCount=2&MaxCount=x&DryRun=true&Empty=");
        assert_eq!(params.number::<u32>("MinCount"), Ok(Some(2)));
        assert_eq!(params.number::<u32>("Other"), Ok(None));
        assert_eq!(params.number::<u32>("MaxCount").unwrap_err().code, "InvalidParameterValue");
        assert_eq!(params.flag("DryRun"), Ok(Some(true)));
        assert_eq!(params.flag("MinCount").unwrap_err().code, "InvalidParameterValue");
        assert_eq!(params.required("Empty").unwrap_err().code, "MissingParameter");
    }

    #[test]
    fn forms_that_say_a_thing_twice_or_never_end_are_refused() {
        assert!(Params::parse(b"A=1&A=2").is_err());
        let long: String = (0..=MOST_PARAMETERS).map(|number| format!("A.{number}=1&")).collect();
        assert!(Params::parse(long.as_bytes()).is_err());
        assert!(Params::parse(b"%zz=%ff&=&&&").is_ok(), "what is no text is still a form");
    }
}
