import { ApiError, type Schemas } from "@drawbridge/client";
import { useState } from "preact/hooks";
import { words } from "../../i18n/index.ts";
import { tell } from "../../state/notices.ts";
import { client } from "../../state/session.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { STATUSES } from "./filters.ts";

type Listing = Schemas["Listing"];

interface Props {
  listing: Listing;
  onClose: () => void;
  onChange: (listing: Listing) => void;
}

/** The state that a refusal names, where it names one. */
function stateOf(error: ApiError) {
  const details = error.details as { status?: string } | undefined;
  return STATUSES.find((one) => one === details?.status);
}

/** A listing as the origin has it now. */
async function asItIs(market_listing_id: number): Promise<Listing | undefined> {
  const query = { search: String(market_listing_id) };
  const found = await client()
    .get("/api/v4/console/marketplace/listings", { query })
    .catch(() => undefined);
  return found?.listings.find((one) => one.market_listing_id === market_listing_id);
}

/** Asks why, and whether in earnest, and takes a listing off the market. */
export function WithdrawIt({ listing, onClose, onChange }: Props) {
  const { listings: said, shell } = words.value;
  const { market_listing_id } = listing;
  const [reason, setReason] = useState("");
  const [isSure, setSure] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [wrong, setWrong] = useState("");
  const submit = async () => {
    if (reason.trim() === "") {
      setWrong(said.needReason);
      return;
    }
    setBusy(true);
    try {
      const after = await client().post(
        "/api/v4/console/marketplace/listings/{market_listing_id}/withdraw",
        { params: { market_listing_id }, body: { reason: reason.trim() } },
      );
      tell({ kind: "good", title: said.withdrawn(market_listing_id) });
      onChange(after);
      onClose();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const status = error.code === "CONFLICT" ? stateOf(error) : undefined;
      setWrong(status ? said.conflict(said.status[status]) : shell.failed(error.message));
      if (status) onChange((await asItIs(market_listing_id)) ?? { ...listing, status });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog title={said.withdrawTitle(market_listing_id)} onClose={onClose}>
      <form
        class="withdraws"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <p class="quiet">{said.withdrawText}</p>
        <label class="field">
          <span>{said.reason}</span>
          <textarea
            class="input"
            rows={3}
            maxLength={500}
            required
            value={reason}
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        </label>
        <label class="sure">
          <input
            type="checkbox"
            checked={isSure}
            onChange={(event) => setSure(event.currentTarget.checked)}
          />
          {said.confirm}
        </label>
        {wrong ? (
          <p class="notice bad" role="alert">
            {wrong}
          </p>
        ) : null}
        <footer>
          <Button onClick={onClose}>{shell.cancel}</Button>
          <Button type="submit" kind="danger" disabled={!isSure || reason.trim() === "" || isBusy}>
            {said.withdraw}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
