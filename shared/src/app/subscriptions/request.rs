//! Reading what is asked for.

use super::Subscriptions;
use crate::api::subscription::SubscriptionRequest;
use crate::app::problem::Problem;
use crate::domain::ids::SubscriptionId;
use crate::domain::subscription::{Billing, Wish};

const ID: &str = "must have 1 to 128 letters, digits, dots, dashes, underscores or @";
const MAX_PLAN_CHARS: usize = 100;
/// Country codes whose area codes have three digits, the first of them from 2 on.
const NANP: [&str; 2] = ["US", "CA"];

impl Subscriptions {
    /// The subscription's name, and the wish.
    pub(super) fn read(&self, request: &SubscriptionRequest) -> Result<(SubscriptionId, Wish), Problem> {
        let id = request.subscription_id.parse().map_err(|_| Problem::field("subscriptionId", ID))?;
        let user = request.user_id.parse().map_err(|_| Problem::field("userId", ID))?;
        let plan = request.plan.as_deref().map(str::trim).filter(|plan| !plan.is_empty());
        if plan
            .is_some_and(|plan| plan.chars().count() > MAX_PLAN_CHARS || plan.chars().any(char::is_control))
        {
            return Err(Problem::field("plan", "must have at most 100 characters, on one line"));
        }
        let code = request.area_code.as_deref();
        if code.is_some_and(|code| !is_area_code(code, &self.country)) {
            return Err(Problem::field("areaCode", format!("is not an area code of {}", self.country)));
        }
        let provider = request.provider.as_deref().map(str::parse).transpose();
        let billing = match request.billing.as_deref() {
            None | Some("wallet") => Billing::Wallet,
            Some("included") => Billing::Included,
            Some(_) => return Err(Problem::field("billing", "must be wallet or included")),
        };
        let wish = Wish {
            user,
            plan: plan.map(str::to_owned),
            area_code: code.map(str::to_owned),
            provider: provider
                .map_err(|_| Problem::field("provider", "must be twilio, signalwire or telnyx"))?,
            billing,
        };
        Ok((id, wish))
    }
}

fn is_area_code(code: &str, country: &str) -> bool {
    let digits = code.bytes().all(|b| b.is_ascii_digit());
    let fits = if NANP.contains(&country) {
        code.len() == 3 && !code.starts_with(['0', '1'])
    } else {
        (1..=6).contains(&code.len())
    };
    digits && fits
}

#[cfg(test)]
mod tests {
    use super::is_area_code;

    #[test]
    fn area_codes_are_digits_of_their_plan() {
        for (code, country, fits) in [
            ("415", "US", true),
            ("115", "US", false),
            ("41", "CA", false),
            ("20", "GB", true),
            ("1234567", "GB", false),
            ("", "GB", false),
            ("4a5", "US", false),
        ] {
            assert_eq!(is_area_code(code, country), fits, "{code} {country}");
        }
    }
}
