//! Why a log-in is looked at twice.

use crate::wire_enum::wire_enum;

wire_enum! {
    /// What made a log-in, or another event of an account, suspicious.
    Cause {
        /// The user has not logged in on this device before, or nothing proves that it is that device.
        NewDevice = "new_device",
        /// The user has not logged in from this network before (IPv4 /24, IPv6 /48).
        NewNetwork = "new_network",
        /// The user has not logged in from this country before.
        NewCountry = "new_country",
        /// Nobody travels this fast from where the user logged in last.
        ImpossibleTravel = "impossible_travel",
        /// The user agent is a program's, or there is none.
        Automation = "automation",
        /// Several log-ins of the account have failed shortly before.
        FailureBurst = "failure_burst",
        /// The id of a live session's device was given, without proof of being that device.
        DeviceClaimed = "device_claimed",
        /// A refresh token was presented a second time.
        TokenReused = "token_reused",
    }
}
