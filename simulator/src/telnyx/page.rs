//! Lists, a page at a time: `page[number]` from 1 and `page[size]`, 20 unless asked (telnyx.md, section 1).

use serde_json::{Value, json};

use crate::json_api::{Answered, Call, Reply};

use super::errors::problem;

pub(super) fn page(call: &Call, items: Vec<Value>, largest: usize) -> Answered {
    let read = |name: &str, default: usize| match call.query(name).map(str::parse::<usize>) {
        None => Ok(default),
        Some(Ok(value)) if value > 0 => Ok(value),
        Some(_) => Err(problem(422, 10033, &format!("{name} is outside of the allowed range"))),
    };
    let (number, size) = (read("page[number]", 1)?, read("page[size]", 20)?);
    if size > largest {
        return Err(problem(422, 10033, &format!("page[size] is larger than {largest}")));
    }
    let total = items.len();
    let shown: Vec<Value> = items.into_iter().skip((number - 1).saturating_mul(size)).take(size).collect();
    let meta = json!({
        "page_number": number,
        "page_size": size,
        "total_pages": total.div_ceil(size),
        "total_results": total,
    });
    Ok(Reply::new(200, json!({ "data": shown, "meta": meta })))
}
