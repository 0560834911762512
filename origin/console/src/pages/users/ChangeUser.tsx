import { ApiError, type Schemas } from "@drawbridge/client";
import { useState } from "preact/hooks";
import { words } from "../../i18n/index.ts";
import { tell } from "../../state/notices.ts";
import { client, session } from "../../state/session.ts";
import { ReasonDialog } from "../../ui/ReasonDialog.tsx";

type User = Schemas["PublicUser"];

interface Props {
  user: User;
  /** What is to be changed. */
  what: "role" | "status";
  onDone: () => void;
  onClose: () => void;
}

/** What the service says, in words that help: the last admin stays. */
async function inWords<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const details = error instanceof ApiError ? (error.details as { is_last_admin?: boolean }) : {};
    if (details?.is_last_admin) throw new Error(words.value.users.lastAdmin);
    throw error;
  }
}

/** Changes what a user may do, or whether the account may be used, with a reason. */
export function ChangeUser({ user, what, onDone, onClose }: Props) {
  const said = words.value.users;
  const { user_id } = user;
  const [role, setRole] = useState(user.role);
  const [status, setStatus] = useState(user.status);
  const now = session.value;
  const isMe = now.status === "live" && now.user_id === user_id;
  const isRole = what === "role";
  const send = (reason: string): Promise<Schemas["Changed"]> =>
    isRole
      ? client().post("/api/v4/console/users/{user_id}/role", {
          params: { user_id },
          body: { role, reason },
        })
      : client().post("/api/v4/console/users/{user_id}/status", {
          params: { user_id },
          body: { status, reason },
        });
  return (
    <ReasonDialog
      title={isRole ? said.roleTitle(user.nickname) : said.statusTitle(user.nickname)}
      hint={isRole ? said.roleHint : said.statusHint}
      action={said.save}
      placeholder={said.reasonHint}
      onClose={onClose}
      onConfirm={async (reason) => {
        const { changed, ended } = await inWords(send(reason));
        tell({ kind: "good", title: changed ? said.changed(ended.length) : said.unchanged });
        onDone();
      }}
    >
      <fieldset class="choices">
        <legend class="unseen">{isRole ? said.columns.role : said.columns.status}</legend>
        {isRole
          ? (["user", "agent", "admin"] as const).map((one) => (
              <Choice
                key={one}
                name={one}
                title={said.roles[one]}
                hint={said.roleHints[one]}
                isChosen={role === one}
                onChoose={() => setRole(one)}
              />
            ))
          : (["active", "inactive", "banned"] as const).map((one) => (
              <Choice
                key={one}
                name={one}
                title={said.statuses[one]}
                hint={said.statusHints[one]}
                isChosen={status === one}
                onChoose={() => setStatus(one)}
              />
            ))}
      </fieldset>
      {isMe && <p class="notice">{said.yourself}</p>}
    </ReasonDialog>
  );
}

interface ChoiceProps {
  name: string;
  title: string;
  hint: string;
  isChosen: boolean;
  onChoose: () => void;
}

function Choice({ name, title, hint, isChosen, onChoose }: ChoiceProps) {
  return (
    <label class="choice">
      <input type="radio" name="choice" value={name} checked={isChosen} onChange={onChoose} />
      <span>
        <b>{title}</b> <span class="quiet">{hint}</span>
      </span>
    </label>
  );
}
