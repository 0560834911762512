//! Where a client is, as the platform knows it.

use shared::assertion::{Coordinates, Place};
use worker::{js_sys::Number, worker_sys::ext::RequestExt as _};

use crate::call::Call;

/// Where the call comes from; what the platform does not know stays open.
pub fn of(call: &Call<'_>) -> Place {
    let cf = call.request.cf();
    Place {
        country: cf.and_then(worker::Cf::country),
        city: cf.and_then(worker::Cf::city),
        // Asked for by hand: the library's own way to them panics on what is no number.
        coordinates: call.request.inner().cf().and_then(|cf| {
            coordinates(&cf.latitude().ok().flatten()?, &cf.longitude().ok().flatten()?)
        }),
    }
}

/// The point that two texts name. The platform reads the numbers: a reader of our own is kilobytes.
fn coordinates(latitude: &str, longitude: &str) -> Option<Coordinates> {
    Coordinates::new(Number::parse_float(latitude), Number::parse_float(longitude))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_place_off_the_globe_is_dropped() {
        assert_eq!(coordinates("30.27130", "-97.74260"), Coordinates::new(30.2713, -97.7426));
        for (latitude, longitude) in
            [("91", "0"), ("0", "-181"), ("", ""), ("NaN", "0"), ("1e999", "0"), ("north", "0")]
        {
            assert_eq!(coordinates(latitude, longitude), None, "{latitude} {longitude}");
        }
    }
}
