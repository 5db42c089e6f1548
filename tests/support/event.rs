//! Holds what hooks are given to the JSON schema that the program prints.

use std::sync::LazyLock;

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Value, json};

/// The schema as it is shipped, and one that allows no field that is not described.
static SCHEMAS: LazyLock<(Schemas, [SchemaIndex; 2])> = LazyLock::new(|| {
    let shipped: Value = serde_json::from_str(helpdesk_mail::hook::SCHEMA).unwrap();
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    let mut compile = |name: &str, schema: Value| {
        compiler.add_resource(name, schema).unwrap();
        compiler.compile(name, &mut schemas).unwrap()
    };
    let both = [compile("shipped.json", shipped.clone()), compile("strict.json", strict(shipped))];
    (schemas, both)
});

fn strict(mut schema: Value) -> Value {
    let definitions = schema["$defs"].as_object_mut().unwrap();
    let mut events = 0;
    for definition in definitions.values_mut() {
        if let Some(data) = definition.pointer_mut("/then/properties/data") {
            data["unevaluatedProperties"] = json!(false);
            events += 1;
        }
    }
    assert_eq!(events, 7, "an event is not described");
    definitions["mail"]["unevaluatedProperties"] = json!(false);
    definitions["error"]["unevaluatedProperties"] = json!(false);
    schema["unevaluatedProperties"] = json!(false);
    schema
}

/// The event, if it is as the schema has it.
#[track_caller]
pub fn valid(text: &str) -> Value {
    let event: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let (schemas, both) = &*SCHEMAS;
    for schema in both {
        if let Err(error) = schemas.validate(&event, *schema) {
            panic!("{error:#}\n{text}");
        }
    }
    event
}

/// Whether the schema as it is shipped refuses an event.
pub fn is_refused(event: &Value) -> bool {
    let (schemas, [shipped, _]) = &*SCHEMAS;
    schemas.validate(event, *shipped).is_err()
}
