import type { Schemas } from "@drawbridge/client";
import { Undo2, X } from "lucide-preact";
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { locale, words } from "../../i18n/index.ts";
import { Button } from "../../ui/Button.tsx";
import { fullTime } from "../../ui/time.ts";
import { format } from "./filters.ts";
import { WithdrawIt } from "./WithdrawIt.tsx";

type Listing = Schemas["Listing"];

interface Props {
  listing: Listing;
  onClose: () => void;
  onChange: (listing: Listing) => void;
}

/** What is offered, in words. */
export function offerOf(listing: Listing): string {
  const name = listing.offer_item_display_name ?? listing.offer_asset_display_name;
  if (listing.listing_kind === "item_instance") {
    return name ?? `#${listing.offer_item_instance_id ?? listing.market_listing_id}`;
  }
  const number = new Intl.NumberFormat(locale.value);
  const amount = listing.offer_amount === null ? "" : ` × ${number.format(listing.offer_amount)}`;
  return `${name ?? listing.offer_asset_code ?? ""}${amount}`;
}

function textOf(name: keyof Listing, listing: Listing): string {
  const { kind, status } = words.value.listings;
  const value = listing[name];
  if (value === null || value === undefined) return "—";
  if (name === "created_at" || name === "updated_at") return fullTime(String(value));
  if (name === "listing_kind") return kind[listing.listing_kind];
  if (name === "status") return `${status[listing.status]} (${listing.status})`;
  return String(value);
}

/** A listing, with every column of its row. */
export function Detail({ listing, onClose, onChange }: Props) {
  const said = words.value.listings;
  const [isAsking, setAsking] = useState(false);
  const canWithdraw = listing.status === "on_sale";
  const names = Object.keys(said.columns) as (keyof typeof said.columns)[];
  return (
    <aside
      class="detail panel"
      aria-label={`${said.column.market_listing_id} ${listing.market_listing_id}`}
    >
      <header>
        <div>
          <h2>{offerOf(listing)}</h2>
          <span class={`state ${listing.status}`}>{said.status[listing.status]}</span>
        </div>
        <Button kind="plain" label={words.value.shell.close} onClick={onClose}>
          <X size={17} aria-hidden="true" />
        </Button>
      </header>
      <dl>
        {names.map((name) => (
          <div key={name} class="fact">
            <dt>{said.columns[name]}</dt>
            <dd>{textOf(name, listing)}</dd>
          </div>
        ))}
      </dl>
      <footer>
        <Link href={`/listings?${format({ seller_user_id: listing.seller_user_id })}`}>
          {said.sellerLink}
        </Link>
        <Button
          kind="danger"
          disabled={!canWithdraw}
          title={canWithdraw ? undefined : said.cannot(said.status[listing.status])}
          onClick={() => setAsking(true)}
        >
          <Undo2 size={15} aria-hidden="true" />
          {said.withdraw}
        </Button>
      </footer>
      {isAsking ? (
        <WithdrawIt listing={listing} onClose={() => setAsking(false)} onChange={onChange} />
      ) : null}
    </aside>
  );
}
