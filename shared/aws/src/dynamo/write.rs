//! One conditional write, ready to be sent alone or in a transaction.
//!
//! Every attribute is named through an alias (`#st` is `st`), so that no reserved word matters; the
//! aliases of an expression are collected from its text.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
    Update,
};
use telephony::ports::StoreError;

use crate::item::{Item, corrupt, text};
use crate::keys::{Key, PK, SK};

/// What a write does.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Put(Item),
    Update(Key),
    Check(Key),
    Delete(Key),
}

/// A write, its conditions, and their names and values.
#[derive(Clone, Debug)]
pub(super) struct Write {
    pub(super) act: Act,
    set: Vec<String>,
    remove: Vec<String>,
    add: Vec<String>,
    conditions: Vec<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

/// A primary key as the SDK takes it.
pub(super) fn primary_key(key: &Key) -> Item {
    Item::from([(PK.to_owned(), text(key.pk.clone())), (SK.to_owned(), text(key.sk.clone()))])
}

impl Write {
    fn new(act: Act) -> Self {
        Self {
            act,
            set: Vec::new(),
            remove: Vec::new(),
            add: Vec::new(),
            conditions: Vec::new(),
            names: HashMap::new(),
            values: HashMap::new(),
        }
    }

    /// Writes a whole item.
    pub(super) fn put(item: Item) -> Self {
        Self::new(Act::Put(item))
    }

    /// Changes attributes.
    pub(super) fn update(key: Key) -> Self {
        Self::new(Act::Update(key))
    }

    /// Changes nothing, and only looks.
    pub(super) fn check(key: Key) -> Self {
        Self::new(Act::Check(key))
    }

    /// Removes an item.
    pub(super) fn delete(key: Key) -> Self {
        Self::new(Act::Delete(key))
    }

    fn alias(&mut self, name: &str) -> String {
        let alias = format!("#{name}");
        self.names.insert(alias.clone(), name.to_owned());
        alias
    }

    fn value(&mut self, name: &str, value: AttributeValue) -> String {
        let placeholder = format!(":{name}");
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    /// Sets an attribute.
    pub(super) fn set(mut self, name: &str, value: AttributeValue) -> Self {
        let (alias, placeholder) = (self.alias(name), self.value(name, value));
        self.set.push(format!("{alias} = {placeholder}"));
        self
    }

    /// Sets an attribute that is not there yet.
    pub(super) fn set_once(mut self, name: &str, value: AttributeValue) -> Self {
        let (alias, placeholder) = (self.alias(name), self.value(name, value));
        self.set.push(format!("{alias} = if_not_exists({alias}, {placeholder})"));
        self
    }

    /// Sets an attribute, or removes it.
    pub(super) fn assign(self, name: &str, value: Option<AttributeValue>) -> Self {
        match value {
            Some(value) => self.set(name, value),
            None => self.remove(name),
        }
    }

    /// Sets an attribute, or leaves it as it is.
    pub(super) fn set_some(self, name: &str, value: Option<AttributeValue>) -> Self {
        match value {
            Some(value) => self.set(name, value),
            None => self,
        }
    }

    /// Removes an attribute.
    pub(super) fn remove(mut self, name: &str) -> Self {
        let alias = self.alias(name);
        self.remove.push(alias);
        self
    }

    /// Adds to a number or a set.
    pub(super) fn add(mut self, name: &str, value: AttributeValue) -> Self {
        let (alias, placeholder) = (self.alias(name), self.value(name, value));
        self.add.push(format!("{alias} {placeholder}"));
        self
    }

    /// Sets one member of a map.
    pub(super) fn set_member(mut self, map: &str, member: &str, value: AttributeValue) -> Self {
        self.names.insert("#member".to_owned(), member.to_owned());
        let (alias, placeholder) = (self.alias(map), self.value("member", value));
        self.set.push(format!("{alias}.#member = {placeholder}"));
        self
    }

    /// Only if. Several conditions must all hold.
    pub(super) fn when(mut self, condition: &str) -> Self {
        for (at, _) in condition.match_indices('#') {
            let rest = condition.get(at + 1..).unwrap_or_default();
            let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            // `#member` stands for a name that is no identifier, and is bound by `set_member`.
            if name != "member" {
                self.alias(&name);
            }
        }
        self.conditions.push(format!("({condition})"));
        self
    }

    /// Gives a value to a placeholder of a condition.
    pub(super) fn with(mut self, name: &str, value: AttributeValue) -> Self {
        self.value(name, value);
        self
    }

    /// Only if the item is not there.
    pub(super) fn if_absent(self) -> Self {
        self.when("attribute_not_exists(#PK)")
    }

    /// Only if the item is there.
    pub(super) fn if_present(self) -> Self {
        self.when("attribute_exists(#PK)")
    }

    pub(super) fn condition(&self) -> Option<String> {
        (!self.conditions.is_empty()).then(|| self.conditions.join(" AND "))
    }

    pub(super) fn names(&self) -> Option<HashMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.clone())
    }

    pub(super) fn values(&self) -> Option<Item> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }

    pub(super) fn changes(&self) -> String {
        let clauses = [("SET", &self.set), ("REMOVE", &self.remove), ("ADD", &self.add)];
        let clauses = clauses.iter().filter(|(_, parts)| !parts.is_empty());
        clauses.map(|(verb, parts)| format!("{verb} {}", parts.join(", "))).collect::<Vec<_>>().join(" ")
    }

    /// As a part of a transaction.
    pub(super) fn in_transaction(self, table: &str) -> Result<TransactWriteItem, StoreError> {
        let (condition, names, values) = (self.condition(), self.names(), self.values());
        let changes = self.changes();
        let all_old = Some(ReturnValuesOnConditionCheckFailure::AllOld);
        let item = TransactWriteItem::builder();
        let built: Result<_, BuildError> = match self.act {
            Act::Put(whole) => Put::builder()
                .table_name(table)
                .set_item(Some(whole))
                .set_condition_expression(condition)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .set_return_values_on_condition_check_failure(all_old)
                .build()
                .map(|put| item.put(put)),
            Act::Update(key) => Update::builder()
                .table_name(table)
                .set_key(Some(primary_key(&key)))
                .update_expression(changes)
                .set_condition_expression(condition)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .set_return_values_on_condition_check_failure(all_old)
                .build()
                .map(|update| item.update(update)),
            Act::Check(key) => ConditionCheck::builder()
                .table_name(table)
                .set_key(Some(primary_key(&key)))
                .set_condition_expression(condition)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .set_return_values_on_condition_check_failure(all_old)
                .build()
                .map(|check| item.condition_check(check)),
            Act::Delete(key) => Delete::builder()
                .table_name(table)
                .set_key(Some(primary_key(&key)))
                .set_condition_expression(condition)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .set_return_values_on_condition_check_failure(all_old)
                .build()
                .map(|delete| item.delete(delete)),
        };
        built.map(|item| item.build()).map_err(|_| corrupt("write without a key"))
    }
}
