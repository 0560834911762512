//! Market listings: the words of their columns and how they are shown.

use serde::{Deserialize, Serialize};

use crate::{time::Timestamp, wire_enum::wire_enum};

wire_enum! {
    /// What is offered (`market_listings.listing_kind`).
    ListingKind {
        /// One item that exists once.
        ItemInstance = "item_instance",
        /// An amount of an asset.
        FungibleAsset = "fungible_asset",
    }
}

wire_enum! {
    /// Where a listing stands (`market_listings.status`).
    ListingStatus {
        /// Can be bought.
        OnSale = "on_sale",
        /// Held for a buyer.
        Locked = "locked",
        /// Bought.
        Sold = "sold",
        /// Taken back by its seller.
        Withdrawn = "withdrawn",
        /// Taken back by an admin.
        AdminWithdrawn = "admin_withdrawn",
    }
}

wire_enum! {
    /// The order of a list of listings; ties are broken by key, in the same direction.
    ListingSort {
        /// The latest made first.
        Newest = "newest",
        /// The first made first.
        Oldest = "oldest",
        /// The lowest price first, whatever asset it is in.
        PriceAsc = "price_asc",
        /// The highest price first, whatever asset it is in.
        PriceDesc = "price_desc",
    }
}

#[expect(clippy::derivable_impls, reason = "the macro has no place for a default")]
impl Default for ListingSort {
    fn default() -> Self {
        Self::Newest
    }
}

impl ListingSort {
    /// Whether it is by price, and not by time.
    #[must_use]
    pub const fn is_by_price(self) -> bool {
        matches!(self, Self::PriceAsc | Self::PriceDesc)
    }
}

/// Who takes a listing back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawer {
    /// Its seller.
    Seller,
    /// An admin.
    Admin,
}

impl Withdrawer {
    /// Where a listing stands that they have taken back.
    #[must_use]
    pub const fn leaves(self) -> ListingStatus {
        match self {
            Self::Seller => ListingStatus::Withdrawn,
            Self::Admin => ListingStatus::AdminWithdrawn,
        }
    }

    /// Whether they may take back a listing that stands there. One that a buyer is held for, only an admin may;
    /// what was sold or taken back has come to its end.
    #[must_use]
    pub const fn may_take_back(self, status: ListingStatus) -> bool {
        match self {
            Self::Seller => matches!(status, ListingStatus::OnSale),
            Self::Admin => matches!(status, ListingStatus::OnSale | ListingStatus::Locked),
        }
    }
}

impl ListingStatus {
    /// The name that users read.
    #[must_use]
    pub const fn display(self) -> &'static str {
        match self {
            Self::OnSale => "在售中",
            Self::Locked => "已锁定",
            Self::Sold => "已成交",
            Self::Withdrawn => "已撤回",
            Self::AdminWithdrawn => "管理员撤回",
        }
    }

    /// The colour that clients paint the name in.
    #[must_use]
    pub const fn color(self) -> &'static str {
        match self {
            Self::OnSale => "green",
            Self::Locked => "orange",
            Self::Sold => "blue",
            Self::Withdrawn => "gray",
            Self::AdminWithdrawn => "red",
        }
    }
}

/// Listings of one seller by status, whatever filter the page has; all five keys are always there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatusCounts {
    /// Listings that can be bought.
    pub on_sale: i64,
    /// Listings held for a buyer.
    pub locked: i64,
    /// Listings that were bought.
    pub sold: i64,
    /// Listings taken back by their seller.
    pub withdrawn: i64,
    /// Listings taken back by an admin.
    pub admin_withdrawn: i64,
}

impl StatusCounts {
    /// The count of one status.
    #[must_use]
    pub const fn of(&self, status: ListingStatus) -> i64 {
        match status {
            ListingStatus::OnSale => self.on_sale,
            ListingStatus::Locked => self.locked,
            ListingStatus::Sold => self.sold,
            ListingStatus::Withdrawn => self.withdrawn,
            ListingStatus::AdminWithdrawn => self.admin_withdrawn,
        }
    }

    /// Sets the count of one status.
    pub const fn set(&mut self, status: ListingStatus, count: i64) {
        match status {
            ListingStatus::OnSale => self.on_sale = count,
            ListingStatus::Locked => self.locked = count,
            ListingStatus::Sold => self.sold = count,
            ListingStatus::Withdrawn => self.withdrawn = count,
            ListingStatus::AdminWithdrawn => self.admin_withdrawn = count,
        }
    }

    /// Listings of every status.
    #[must_use]
    pub fn total(&self) -> i64 {
        ListingStatus::ALL.into_iter().map(|status| self.of(status)).sum()
    }
}

/// A row of `market_listings`, each column under its own name, and how its status is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Listing {
    /// Key of the listing.
    pub market_listing_id: i64,
    /// What is offered.
    pub listing_kind: ListingKind,
    /// Who sells.
    pub seller_user_id: i64,
    /// The item offered, of kind `item_instance`.
    pub offer_item_instance_id: Option<i64>,
    /// The template of the item offered.
    pub offer_item_template_id: Option<i64>,
    /// The category of the item offered.
    pub offer_item_category_code: Option<String>,
    /// The rarity of the item offered.
    pub offer_item_rarity: Option<String>,
    /// The display name of the item offered.
    pub offer_item_display_name: Option<String>,
    /// The group of the asset offered, of kind `fungible_asset`.
    pub offer_asset_group_code: Option<String>,
    /// The asset offered.
    pub offer_asset_code: Option<String>,
    /// The display name of the asset offered.
    pub offer_asset_display_name: Option<String>,
    /// How much of the asset is offered.
    pub offer_amount: Option<i64>,
    /// The asset that the price is in.
    pub price_asset_code: String,
    /// The price, in whole units of that asset.
    pub price_amount: i64,
    /// Where the listing stands.
    pub status: ListingStatus,
    /// The status as users read it.
    pub status_display: String,
    /// The colour that clients paint the status in.
    pub status_color: String,
    /// When the listing was made.
    pub created_at: Timestamp,
    /// When the listing was last changed.
    pub updated_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_is_taken_back_by_nobody() {
        let may = |by: Withdrawer| {
            ListingStatus::ALL
                .into_iter()
                .filter(|status| by.may_take_back(*status))
                .collect::<Vec<_>>()
        };
        assert_eq!(may(Withdrawer::Seller), [ListingStatus::OnSale]);
        assert_eq!(may(Withdrawer::Admin), [ListingStatus::OnSale, ListingStatus::Locked]);
        for by in [Withdrawer::Seller, Withdrawer::Admin] {
            assert!(!by.may_take_back(by.leaves()));
        }
    }
}
