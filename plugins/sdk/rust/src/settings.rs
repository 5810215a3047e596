//! A plugin's settings: read by path, every mistake noted, so that all of them are reported together.

use crate::abi;
use std::ops::RangeInclusive;

/// A setting of any kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Number(f64),
    Flag(bool),
    Text(String),
    /// A list of so many items: they are `<path>.0`, `<path>.1` and so on.
    List(usize),
    /// An object of so many members: they are `<path>.<name>`.
    Object(usize),
    Null,
}

struct Item {
    path: String,
    value: Value,
    was_read: bool,
}

/// Paths are names from the outside in: `alpha`, `limits.0.low`.
pub struct Settings {
    items: Vec<Item>,
    mistakes: Vec<String>,
}

impl Settings {
    /// Settings for tests; a plugin is given them. What is in a list or an object follows it.
    pub fn new(items: &[(&str, Value)]) -> Self {
        let item = |(path, value): &(&str, Value)| Item { path: (*path).to_owned(), value: value.clone(), was_read: false };
        Settings { items: items.iter().map(item).collect(), mistakes: Vec::new() }
    }

    /// Settings from the records that the host wrote.
    pub(crate) fn from_records(mut bytes: &[u8]) -> Self {
        const HEAD: usize = core::mem::size_of::<abi::Setting>();
        let mut items = Vec::new();
        while bytes.len() >= HEAD {
            // The host writes every record at a multiple of 8, but a slice of bytes does not say so.
            let head: abi::Setting = unsafe { core::ptr::read_unaligned(bytes.as_ptr().cast()) };
            let path_end = HEAD + usize::from(head.path_bytes);
            let text_end = path_end + head.text_bytes as usize;
            let text = String::from_utf8_lossy(&bytes[path_end..text_end]).into_owned();
            let value = match head.kind {
                abi::SETTING_NUMBER => Value::Number(head.value),
                abi::SETTING_FLAG => Value::Flag(head.value != 0.0),
                abi::SETTING_TEXT => Value::Text(text),
                abi::SETTING_LIST => Value::List(head.value as usize),
                abi::SETTING_OBJECT => Value::Object(head.value as usize),
                _ => Value::Null,
            };
            let path = String::from_utf8_lossy(&bytes[HEAD..path_end]).into_owned();
            items.push(Item { path, value, was_read: false });
            bytes = &bytes[head.bytes as usize..];
        }
        Settings { items, mistakes: Vec::new() }
    }

    pub fn number(&mut self, path: &str, fallback: f64, range: RangeInclusive<f64>) -> f64 {
        match self.value(path) {
            None => fallback,
            Some(Value::Number(value)) if range.contains(&value) => value,
            Some(Value::Number(_)) => {
                self.refuse(path, &format!("must be {} to {}", range.start(), range.end()));
                fallback
            }
            Some(_) => {
                self.refuse(path, "must be a number");
                fallback
            }
        }
    }

    pub fn flag(&mut self, path: &str, fallback: bool) -> bool {
        match self.value(path) {
            None => fallback,
            Some(Value::Flag(value)) => value,
            Some(_) => {
                self.refuse(path, "must be true or false");
                fallback
            }
        }
    }

    pub fn text(&mut self, path: &str, fallback: &str) -> String {
        match self.value(path) {
            None => fallback.to_owned(),
            Some(Value::Text(value)) => value,
            Some(_) => {
                self.refuse(path, "must be text");
                fallback.to_owned()
            }
        }
    }

    /// How many items a list has; 0 when the setting is not there.
    pub fn count(&mut self, path: &str) -> usize {
        match self.value(path) {
            None => 0,
            Some(Value::List(count)) => count,
            Some(_) => {
                self.refuse(path, "must be a list");
                0
            }
        }
    }

    /// The value of any kind.
    pub fn value(&mut self, path: &str) -> Option<Value> {
        let item = self.items.iter_mut().find(|item| item.path == path)?;
        item.was_read = true;
        Some(item.value.clone())
    }

    /// Notes what is wrong with a setting: the host refuses the plugin.
    pub fn refuse(&mut self, path: &str, problem: &str) {
        self.mistakes.push(format!("{path}: {problem}"));
    }

    /// All mistakes, one sentence each; a setting that was not read is one, since most often it is misspelt.
    pub fn close(mut self) -> Vec<String> {
        let mut reported: Option<String> = None;
        for item in self.items.iter().filter(|item| !item.was_read) {
            let inside = format!("{}.", item.path);
            if reported.as_ref().map_or(false, |prefix| item.path.starts_with(prefix.as_str())) {
                continue;
            }
            let is_object = matches!(item.value, Value::Object(_));
            if is_object && self.items.iter().any(|other| other.was_read && other.path.starts_with(&inside)) {
                continue;
            }
            self.mistakes.push(format!("{}: no such setting", item.path));
            reported = Some(inside);
        }
        self.mistakes
    }
}

#[cfg(test)]
mod tests {
    use super::{Settings, Value};

    #[test]
    fn reports_every_mistake() {
        let mut settings = Settings::new(&[
            ("a", Value::Number(7.0)),
            ("b", Value::Text("x".to_owned())),
            ("c", Value::Flag(true)),
            ("d", Value::Number(1.0)),
        ]);
        assert_eq!(settings.number("a", 1.0, 0.0..=5.0), 1.0);
        assert_eq!(settings.number("b", 2.0, 0.0..=5.0), 2.0);
        assert_eq!(settings.number("e", 3.0, 0.0..=5.0), 3.0);
        assert!(settings.flag("c", false));
        let expected = ["a: must be 0 to 5", "b: must be a number", "d: no such setting"];
        assert_eq!(settings.close(), expected);
    }

    #[test]
    fn reads_lists_and_objects_and_reports_what_was_not_read_once() {
        let items = [
            ("limits", Value::List(1)),
            ("limits.0", Value::Object(2)),
            ("limits.0.low", Value::Number(3.0)),
            ("limits.0.hihg", Value::Number(4.0)),
            ("other", Value::Object(1)),
            ("other.x", Value::Null),
        ];
        let mut settings = Settings::new(&items);
        assert_eq!(settings.count("limits"), 1);
        assert_eq!(settings.number("limits.0.low", 0.0, 0.0..=5.0), 3.0);
        assert_eq!(settings.close(), ["limits.0.hihg: no such setting", "other: no such setting"]);
    }
}
