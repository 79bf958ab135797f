//! Resources that are kept as they were given: profiles and applications.

use serde_json::{Map, Value};

/// One of them, with its defaults filled in.
pub(crate) struct Resource {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) body: Map<String, Value>,
}

impl Resource {
    /// A text member that is not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.body.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        Value::Object(self.body.clone())
    }

    /// Takes over the members of a request that the resource has; returns the names of the others.
    pub(crate) fn take_over(&mut self, given: &Map<String, Value>, fixed: &[&str]) -> Vec<String> {
        let mut unknown = Vec::new();
        for (name, value) in given {
            if self.body.contains_key(name) && !fixed.contains(&name.as_str()) {
                self.body.insert(name.clone(), value.clone());
            } else {
                unknown.push(name.clone());
            }
        }
        unknown
    }
}

/// In the order of their creation.
#[derive(Default)]
pub(crate) struct Shelf {
    items: Vec<Resource>,
}

impl Shelf {
    pub(crate) fn add(&mut self, resource: Resource) {
        self.items.push(resource);
    }

    pub(crate) fn get(&self, account: &str, id: &str) -> Option<&Resource> {
        self.items.iter().find(|item| item.id == id && item.account == account)
    }

    pub(crate) fn get_mut(&mut self, account: &str, id: &str) -> Option<&mut Resource> {
        self.items.iter_mut().find(|item| item.id == id && item.account == account)
    }

    pub(crate) fn remove(&mut self, account: &str, id: &str) -> Option<Resource> {
        let at = self.items.iter().position(|item| item.id == id && item.account == account)?;
        Some(self.items.remove(at))
    }

    pub(crate) fn of<'a>(&'a self, account: &'a str) -> impl Iterator<Item = &'a Resource> {
        self.items.iter().filter(move |item| item.account == account)
    }
}
