import {
  Check,
  CheckCheck,
  CircleAlert,
  Clock,
  CloudOff,
  type LucideIcon,
  Reply,
  RotateCcw,
} from "lucide-preact";
import { memo } from "preact/compat";
import { useState } from "preact/hooks";
import { me, opened } from "../../desk/state.ts";
import { type Item, type Mark, type Message, markOf } from "../../desk/thread.ts";
import { words } from "../../i18n/index.ts";
import { client } from "../../state/session.ts";
import { Button } from "../../ui/Button.tsx";
import { clockTime, fullTime } from "../../ui/time.ts";
import { answer } from "./Composer.tsx";

type Said = Extract<Item, { kind: "message" | "outgoing" }>;

const ICONS: Record<Mark, LucideIcon> = {
  waiting: CloudOff,
  sending: Clock,
  sent: Check,
  delivered: CheckCheck,
  read: CheckCheck,
  failed: CircleAlert,
};

/** How far a message has come: a picture, with words for who asks. */
function MarkView({ mark }: { mark: Mark }) {
  const said = words.value.desk.marks[mark];
  const Icon = ICONS[mark];
  return (
    <span class={`mark ${mark}`} role="img" aria-label={said} title={said} data-mark={mark}>
      <Icon size={14} aria-hidden="true" />
    </span>
  );
}

function Picture({ address }: { address: string }) {
  const said = words.value.desk;
  const [isBroken, setBroken] = useState(false);
  if (!address.startsWith("https://")) return <span>{address}</span>;
  return (
    <a class="picture" href={address} target="_blank" rel="noreferrer noopener">
      {isBroken ? (
        <span>{said.imageFailed}</span>
      ) : (
        <img
          src={address}
          alt={said.openImage}
          loading="lazy"
          referrerpolicy="no-referrer"
          onError={() => setBroken(true)}
        />
      )}
    </a>
  );
}

/** A text with its addresses made links. */
function Text({ text }: { text: string }) {
  const parts = text.split(/(https?:\/\/[^\s<>"'，。）]+)/);
  return (
    <>
      {parts.map((part, index) =>
        index % 2 === 1 ? (
          <a key={`${index}`} href={part} target="_blank" rel="noreferrer noopener">
            {part}
          </a>
        ) : (
          part
        ),
      )}
    </>
  );
}

interface Props {
  item: Said;
  /** The user's name. */
  name: string;
  /** What it answers: `null` where that is not loaded. */
  answered: Message | null | undefined;
}

/** A message. */
export const Bubble = memo(function Bubble({ item, name, answered }: Props) {
  const said = words.value.desk;
  const { message, outgoing } =
    item.kind === "message"
      ? { message: item.message, outgoing: undefined }
      : { message: undefined, outgoing: item.outgoing };
  if (message?.message_source === "system" || message?.message_type === "system") {
    return (
      <div class="system" data-key={item.key} data-seq={message.seq}>
        {message.content}
      </div>
    );
  }
  const side = message?.sender_type ?? "admin";
  const isFirst = item.kind === "message" ? item.isFirst : true;
  const isOwn = !message || message.sender.user_id === me.value;
  const kind = message?.message_type ?? outgoing?.message_type;
  const content = message?.content ?? outgoing?.content ?? "";
  const mark = markOf(item);
  const sender = message?.sender.nickname || name;
  return (
    <div
      class={`bubble ${side} ${isFirst ? "first" : ""}`}
      data-key={item.key}
      data-seq={message?.seq}
    >
      {isFirst && (side === "user" || !isOwn) ? <span class="sender">{sender}</span> : null}
      <div class="said">
        {answered === undefined ? null : (
          <blockquote>{answered?.content ?? said.deletedMessage}</blockquote>
        )}
        {kind === "image" ? <Picture address={content} /> : <Text text={content} />}
        <span class="meta">
          {message ? (
            <time dateTime={message.created_at} title={fullTime(message.created_at)}>
              {clockTime(message.created_at)}
            </time>
          ) : null}
          {side === "admin" ? <MarkView mark={mark} /> : null}
        </span>
      </div>
      {message ? (
        <Button
          kind="plain"
          label={said.reply}
          onClick={() =>
            answer(message.customer_service_session_id, {
              chat_message_id: message.chat_message_id,
              name: sender,
              content,
            })
          }
        >
          <Reply size={15} aria-hidden="true" />
        </Button>
      ) : null}
      {outgoing?.state === "failed" ? (
        <p class="failed">
          {outgoing.message ?? said.marks.failed}
          <button
            type="button"
            onClick={() => {
              client().chat.again(outgoing.temp_message_id);
              opened.value = outgoing.customer_service_session_id;
            }}
          >
            <RotateCcw size={13} aria-hidden="true" />
            {said.again}
          </button>
        </p>
      ) : null}
    </div>
  );
}, isSame);

/** Items are made anew with each message; what they are made of is not. */
function isSame(one: Props, other: Props): boolean {
  if (one.name !== other.name || one.answered !== other.answered) return false;
  if (one.item.kind === "message" && other.item.kind === "message") {
    return one.item.message === other.item.message && one.item.isFirst === other.item.isFirst;
  }
  if (one.item.kind === "message" || other.item.kind === "message") return false;
  return one.item.outgoing === other.item.outgoing;
}
