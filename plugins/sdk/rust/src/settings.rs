//! A plugin's settings: read field by field, every mistake noted, so that all are told at once.

use crate::Json;
use std::ops::RangeInclusive;

pub struct Settings {
    members: Vec<(String, Json)>,
    read: Vec<String>,
    mistakes: Vec<String>,
}

impl Settings {
    /// Settings from JSON text, for tests; a plugin is given them.
    pub fn new(text: &[u8]) -> Self {
        let (members, mistakes) = match Json::parse(text) {
            Some(Json::Object(members)) => (members, Vec::new()),
            _ => (Vec::new(), vec!["settings: not a JSON object".to_owned()]),
        };
        Settings { members, read: Vec::new(), mistakes }
    }

    pub fn number(&mut self, name: &str, fallback: f64, range: RangeInclusive<f64>) -> f64 {
        match self.field(name) {
            None => fallback,
            Some(Json::Number(value)) if range.contains(&value) => value,
            Some(Json::Number(_)) => {
                self.refuse(name, &format!("must be {} to {}", range.start(), range.end()));
                fallback
            }
            Some(_) => {
                self.refuse(name, "must be a number");
                fallback
            }
        }
    }

    pub fn flag(&mut self, name: &str, fallback: bool) -> bool {
        match self.field(name) {
            None => fallback,
            Some(Json::Bool(value)) => value,
            Some(_) => {
                self.refuse(name, "must be true or false");
                fallback
            }
        }
    }

    pub fn text(&mut self, name: &str, fallback: &str) -> String {
        match self.field(name) {
            None => fallback.to_owned(),
            Some(Json::Text(value)) => value,
            Some(_) => {
                self.refuse(name, "must be text");
                fallback.to_owned()
            }
        }
    }

    /// The value of any kind.
    pub fn field(&mut self, name: &str) -> Option<Json> {
        self.read.push(name.to_owned());
        self.members.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    }

    /// Notes what is wrong with a field: the host refuses the plugin.
    pub fn refuse(&mut self, name: &str, problem: &str) {
        self.mistakes.push(format!("{name}: {problem}"));
    }

    /// All mistakes, one sentence each; a setting that was not read is one, since most often it is misspelt.
    pub fn close(mut self) -> Vec<String> {
        for (key, _) in &self.members {
            if !self.read.contains(key) {
                self.mistakes.push(format!("{key}: no such setting"));
            }
        }
        self.mistakes
    }
}

#[cfg(test)]
mod tests {
    use super::Settings;

    #[test]
    fn tells_every_mistake() {
        let mut settings = Settings::new(br#"{"a": 7, "b": "x", "c": true, "d": 1}"#);
        assert_eq!(settings.number("a", 1.0, 0.0..=5.0), 1.0);
        assert_eq!(settings.number("b", 2.0, 0.0..=5.0), 2.0);
        assert_eq!(settings.number("e", 3.0, 0.0..=5.0), 3.0);
        assert!(settings.flag("c", false));
        let expected = ["a: must be 0 to 5", "b: must be a number", "d: no such setting"];
        assert_eq!(settings.close(), expected);
    }

    #[test]
    fn refuses_what_is_no_object() {
        assert_eq!(Settings::new(b"[]").close(), ["settings: not a JSON object"]);
        assert!(Settings::new(b"{}").close().is_empty());
    }
}
