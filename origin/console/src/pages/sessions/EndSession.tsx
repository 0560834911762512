import { words } from "../../i18n/index.ts";
import { client, session } from "../../state/session.ts";
import { ReasonDialog } from "../../ui/ReasonDialog.tsx";

interface Props {
  authentication_session_id: number;
  onDone: () => void;
  onClose: () => void;
}

/** Ends one session as an admin, with a reason. */
export function EndSession({ authentication_session_id, onDone, onClose }: Props) {
  const said = words.value.sessions;
  const now = session.value;
  const isMine =
    now.status === "live" && now.session.authentication_session_id === authentication_session_id;
  return (
    <ReasonDialog
      title={said.endTitle(authentication_session_id)}
      hint={said.endHint}
      action={said.end}
      placeholder={said.reasonHint}
      onClose={onClose}
      onConfirm={async (reason) => {
        await client().post(
          "/api/v4/console/auth/sessions/{authentication_session_id}/deactivate",
          { params: { authentication_session_id }, body: { reason } },
        );
        onDone();
      }}
    >
      {isMine && <p class="notice">{said.yourself}</p>}
    </ReasonDialog>
  );
}
