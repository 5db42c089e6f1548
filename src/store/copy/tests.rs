use super::*;
use crate::model::ids::TicketId;
use crate::store::engine::{Range, Row, Table};
use crate::store::sample::{Place, mail, message, ticket};
use crate::store::{Store, StoreError};

/// A store of some tickets, of which one is merged into a later one, with a message each.
fn filled(place: &Place) -> Store {
    let mut store = place.open();
    for number in 0..5 {
        let id = ticket(&mut store, "support");
        let mail = mail(&format!("{number}@x"));
        store.transaction(|books| books.append(&message(id, &mail)).map(drop)).unwrap();
    }
    store.merge(TicketId(2), TicketId(4), jiff::Timestamp::now()).unwrap();
    store
}

/// Ends a copy as soon as it is at a table.
fn until(table: &'static str) -> impl FnMut(Progress) -> Result<(), StoreError> {
    move |progress| match progress.table {
        met if met == table => Err(StoreError::Refused { what: "enough".to_owned() }),
        _ => Ok(()),
    }
}

fn on(_: Progress) -> Result<(), StoreError> {
    Ok(())
}

fn rows(place: &Place) -> Vec<(Shape, Vec<Row>)> {
    let mut engine = place.config.connect(Access::Look, WAIT).unwrap();
    let whole = |table: Table| {
        let mut columns = columns(engine.as_mut(), table).unwrap();
        columns.sort();
        let shape = Shape::new(table, columns);
        let rows = shape.rows(engine.as_mut(), Range { after: None, most: 1000 }).unwrap();
        (shape, rows)
    };
    tables::TABLES.into_iter().map(whole).collect()
}

fn assert_same(one: &Place, two: &Place) {
    for ((shape, one), (_, two)) in rows(one).into_iter().zip(rows(two)) {
        assert!(one == two, "{}: {one:?} is not {two:?}", shape.table.name);
    }
}

#[test]
fn a_copy_is_the_same_and_counts_on_from_there() {
    let (from, to) = (Place::embedded(), Place::new());
    let mut source = filled(&from);
    // The last ticket's number was given, though no ticket has it now.
    source.engine.script("DELETE FROM message WHERE ticket = 5; DELETE FROM participant WHERE ticket = 5; DELETE FROM ticket WHERE id = 5").unwrap();
    let copied = copy((&from.config, &to.config), &mut on).unwrap();
    let of = |name| copied.iter().find(|table| table.table == name).unwrap();
    assert_eq!((of("ticket").rows, of("ticket").written, of("message").rows), (4, 4, 4));
    assert_same(&from, &to);
    let mut target = to.open();
    assert_eq!(target.token_secret().unwrap(), source.token_secret().unwrap());
    assert_eq!(ticket(&mut target, "support"), TicketId(6));
    // References are held to again.
    assert!(target.engine.script("DELETE FROM ticket WHERE id = 1").is_err());
}

#[test]
fn a_copy_that_was_ended_goes_on_and_takes_what_changed_meanwhile() {
    let (from, to) = (Place::embedded(), Place::new());
    let mut source = filled(&from);
    for table in ["meta", "ticket", "message", "message"] {
        let end = copy((&from.config, &to.config), &mut until(table));
        assert_eq!(end.unwrap_err().to_string(), "enough");
        assert!(matches!(Store::open(&to.config), Err(StoreError::Unfinished { .. })));
        assert!(matches!(Store::look(&to.config), Err(StoreError::Unfinished { .. })));
    }
    source.engine.script("UPDATE ticket SET title = 'Changed' WHERE id = 1").unwrap();
    source.engine.script("DELETE FROM message WHERE ticket = 3; DELETE FROM participant WHERE ticket = 3; DELETE FROM ticket WHERE id = 3").unwrap();
    ticket(&mut source, "sales");
    let copied = copy((&from.config, &to.config), &mut on).unwrap();
    let of = |name| copied.iter().find(|table| table.table == name).unwrap();
    assert_eq!((of("ticket").rows, of("ticket").written), (5, 2), "the changed and the new one");
    assert_same(&from, &to);
    to.open();
}

#[test]
fn nobody_writes_to_the_source_meanwhile() {
    let (from, to) = (Place::new(), Place::embedded());
    filled(&from);
    let mut other = from.open_impatient();
    let mut refused = 0;
    copy((&from.config, &to.config), &mut |progress| {
        if progress.table == "ticket" && refused == 0 && from.config.file().is_some() {
            refused += u32::from(other.transaction(|_| Ok(())).is_err());
        }
        on(progress)
    })
    .unwrap();
    assert_eq!(refused, u32::from(from.config.file().is_some()));
    assert_same(&from, &to);
    other.transaction(|_| Ok(())).unwrap();
}

#[test]
fn what_holds_something_else_is_not_written_to() {
    let (from, to, other) = (Place::embedded(), Place::new(), Place::new());
    filled(&from);
    filled(&to);
    let before = rows(&to).into_iter().map(|(_, rows)| rows).collect::<Vec<_>>();
    assert!(matches!(copy((&from.config, &to.config), &mut on), Err(StoreError::Taken { .. })));
    assert_eq!(rows(&to).into_iter().map(|(_, rows)| rows).collect::<Vec<_>>(), before);
    // A copy of one store does not go on as one of another.
    assert!(copy((&from.config, &other.config), &mut until("ticket")).is_err());
    assert!(matches!(copy((&to.config, &other.config), &mut on), Err(StoreError::Taken { .. })));
    assert!(matches!(copy((&from.config, &from.config), &mut on), Err(StoreError::Refused { .. })));
    copy((&from.config, &other.config), &mut on).unwrap();
    assert_same(&from, &other);
}

#[test]
fn a_store_that_was_opened_and_never_used_is_written_to() {
    let (from, to) = (Place::embedded(), Place::new());
    filled(&from);
    to.open();
    // Its own secret is gone from the first moment on.
    assert!(copy((&from.config, &to.config), &mut until("meta")).is_err());
    copy((&from.config, &to.config), &mut on).unwrap();
    assert_same(&from, &to);
}

#[test]
fn of_two_programs_that_write_one_copy_the_later_goes_on_with_it() {
    let (from, twin, to) = (Place::embedded(), Place::embedded(), Place::new());
    filled(&from);
    std::fs::copy(from.file(), twin.file()).unwrap();
    let mut once = false;
    let first = copy((&from.config, &to.config), &mut |progress| {
        if progress.table == "message" && !std::mem::replace(&mut once, true) {
            copy((&twin.config, &to.config), &mut until("participant")).unwrap_err();
        }
        on(progress)
    });
    assert!(matches!(first, Err(StoreError::Taken { .. })));
    copy((&from.config, &to.config), &mut on).unwrap();
    assert_same(&from, &to);
}

#[test]
fn what_is_changed_in_the_copy_behind_its_back_is_found_at_the_end() {
    let (from, to) = (Place::embedded(), Place::new());
    filled(&from);
    let mut other = None;
    let end = copy((&from.config, &to.config), &mut |progress| {
        if progress.table == "event" && !progress.is_checked {
            let mut engine = to.config.connect(Access::Work, WAIT)?;
            engine.script("UPDATE ticket SET title = 'Other words' WHERE id = 1")?;
            other = Some(engine);
        }
        Ok(())
    });
    assert!(matches!(end, Err(StoreError::Differs { table: "ticket", .. })), "{end:?}");
    assert!(matches!(Store::open(&to.config), Err(StoreError::Unfinished { .. })));
    copy((&from.config, &to.config), &mut on).unwrap();
    assert_same(&from, &to);
}

#[test]
fn there_must_be_a_store_to_copy() {
    let (from, to) = (Place::new(), Place::new());
    assert!(matches!(copy((&from.config, &to.config), &mut on), Err(StoreError::Missing { .. })));
    assert!(to.config.file().is_none_or(|file| !file.exists()));
}
