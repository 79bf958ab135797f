//! How far the lists of received texts have been read.

use std::time::Duration;

use async_trait::async_trait;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{StoreError, Watermark, Watermarks, Window};

use super::Store;
use super::write::Write;
use crate::item::{Fields, Item, keyed, millis, number, text};
use crate::keys::{self, SK, TTL};

/// Nobody goes back so far: what is left of an account that is gone may go as well.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

fn read(item: &Item) -> Result<Watermark, StoreError> {
    let fields = Fields(item);
    let window = match (fields.maybe_time("from"), fields.maybe_time("to")) {
        (Some(since), Some(until)) => Some(Window { since, until, page: fields.owned("page") }),
        (_, _) => None,
    };
    Ok(Watermark {
        account: fields.parsed(SK)?,
        until: fields.time("until")?,
        window,
        tried_at: fields.time("ua")?,
        version: fields.count("v")?,
    })
}

#[async_trait]
impl Watermarks for Store {
    async fn watermarks(&self) -> Result<Vec<Watermark>, StoreError> {
        self.read_partition(keys::WATERMARKS, "").await?.iter().map(read).collect()
    }

    async fn set_watermark(&self, mark: &Watermark, now: Timestamp) -> Result<bool, StoreError> {
        let mut item = keyed(&keys::watermark(&mark.account), "wm");
        item.insert("until".into(), millis(mark.until));
        item.insert("ua".into(), millis(mark.tried_at));
        item.insert("v".into(), number(mark.version.saturating_add(1)));
        item.insert(TTL.into(), number(now.plus(KEPT).seconds()));
        if let Some(window) = &mark.window {
            item.insert("from".into(), millis(window.since));
            item.insert("to".into(), millis(window.until));
            if let Some(page) = &window.page {
                item.insert("page".into(), text(page.clone()));
            }
        }
        let write = Write::put(item);
        self.wrote(match mark.version {
            0 => write.if_absent(),
            version => write.when("#v = :read").with("read", number(version)),
        })
        .await
    }
}
