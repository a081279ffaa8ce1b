//! JSON that is written where it is resolved, so that no tree of it is made of which each leaf is written once and dropped.
//!
//! The executor's value type has a kind for bytes that no field of ours uses: here it holds the JSON of a whole object or
//! list. Only what is asked for as an answer, and not to be taken apart as the pages of a file are, is made of it; and
//! only where no two fields of the document share a name in one object, as the executor merges the answers of those.

use std::io::{self, Write};

use async_graphql::Value;

/// An object of fields, as JSON.
pub fn object<'a>(keys: impl Iterator<Item = &'a str>, values: &[Value]) -> Value {
    let mut text = with_room_for(values);
    text.push(b'{');
    for (key, value) in keys.zip(values) {
        if text.len() > 1 {
            text.push(b',');
        }
        // A name of GraphQL has nothing to escape.
        text.push(b'"');
        text.extend_from_slice(key.as_bytes());
        text.extend_from_slice(b"\":");
        // As of a list.
        let _ = write(value, &mut text);
    }
    text.push(b'}');
    ready(text)
}

/// A list, as JSON.
pub fn list(values: &[Value]) -> Value {
    let mut text = with_room_for(values);
    // Memory takes all that is written to it, and every value is JSON.
    let _ = write_list(values, &mut text, write);
    ready(text)
}

/// Writes a value of which parts may be JSON already.
///
/// # Errors
/// Where `to` takes no more.
pub fn write(value: &Value, to: &mut impl Write) -> io::Result<()> {
    match value {
        Value::Binary(json) => to.write_all(json),
        Value::List(values) => write_list(values, to, write),
        Value::Object(fields) => {
            to.write_all(b"{")?;
            for (at, (key, value)) in fields.iter().enumerate() {
                to.write_all(if at == 0 { b"" } else { b"," })?;
                serde_json::to_writer(&mut *to, key.as_str())?;
                to.write_all(b":")?;
                write(value, to)?;
            }
            to.write_all(b"}")
        }
        leaf => Ok(serde_json::to_writer(to, leaf)?),
    }
}

/// Writes a list, each of whose items is written by `each`.
///
/// # Errors
/// Where `to` takes no more.
pub fn write_list<T, W: Write>(items: &[T], to: &mut W, each: impl Fn(&T, &mut W) -> io::Result<()>) -> io::Result<()> {
    to.write_all(b"[")?;
    for (at, item) in items.iter().enumerate() {
        to.write_all(if at == 0 { b"" } else { b"," })?;
        each(item, to)?;
    }
    to.write_all(b"]")
}

/// A buffer that need not grow for most objects.
fn with_room_for(values: &[Value]) -> Vec<u8> {
    const EACH: usize = 32;
    let inside = |value: &Value| match value {
        Value::Binary(json) => json.len(),
        Value::String(text) => text.len(),
        _ => 0,
    };
    Vec::with_capacity(2 + values.iter().map(|value| EACH + inside(value)).sum::<usize>())
}

fn ready(text: Vec<u8>) -> Value {
    // Exactly as large as it is: bytes with room to spare are held by one more allocation.
    Value::Binary(text.into_boxed_slice().into())
}

#[cfg(test)]
mod tests {
    use async_graphql::{Name, Number};
    use proptest::prelude::*;

    use super::*;

    /// Any value of an answer, and the same with its objects and lists written.
    fn value() -> impl Strategy<Value = (Value, Value)> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Boolean),
            any::<i64>().prop_map(|number| Value::Number(number.into())),
            any::<f64>().prop_filter_map("JSON has finite numbers", |number| Number::from_f64(number).map(Value::Number)),
            any::<String>().prop_map(Value::String),
            "[A-Z_]{1,9}".prop_map(|word| Value::Enum(Name::new(word))),
        ];
        leaf.prop_map(|leaf| (leaf.clone(), leaf)).prop_recursive(4, 40, 5, |inside| {
            let list = prop::collection::vec(inside.clone(), 0..5).prop_map(|values| {
                let (tree, parts): (Vec<_>, Vec<_>) = values.into_iter().unzip();
                (Value::List(tree), list(&parts))
            });
            let object = prop::collection::btree_map("[a-z]{1,5}", inside, 0..5).prop_map(|fields| {
                let tree = fields.iter().map(|(key, (value, _))| (Name::new(key), value.clone())).collect();
                let parts: Vec<_> = fields.values().map(|(_, part)| part.clone()).collect();
                (Value::Object(tree), object(fields.keys().map(String::as_str), &parts))
            });
            prop_oneof![list, object]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_in_parts_is_what_is_written_as_a_whole((tree, parts) in value()) {
            let expected = serde_json::to_string(&tree).unwrap();
            for value in [&tree, &parts] {
                let mut text = Vec::new();
                write(value, &mut text).unwrap();
                prop_assert_eq!(&String::from_utf8(text).unwrap(), &expected);
            }
        }
    }
}
