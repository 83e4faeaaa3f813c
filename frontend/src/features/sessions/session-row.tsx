import { Link } from "@tanstack/react-router";
import { Ellipsis } from "lucide-react";
import { Suspense, lazy, useRef, useState } from "react";
import type { Session } from "@/client/api";
import { useOnDemand } from "@/components/on-demand";
import { formatCents, formatUsd } from "@/lib/format";
import { useDeleteSession } from "./delete-session";
import { RenameField } from "./rename-field";
import { useUpdateSession } from "./update-session";

const loadMenu = () => import("./session-menu");
const SessionMenu = lazy(loadMenu);

export function SessionRow({ session }: { session: Session }) {
  const [renaming, setRenaming] = useState(false);
  const link = useRef<HTMLAnchorElement>(null);
  const deleteSession = useDeleteSession();
  const update = useUpdateSession();
  const menu = useOnDemand(loadMenu, "menu");

  if (renaming) {
    return (
      <li>
        <RenameField
          title={session.title}
          onDone={(title) => {
            setRenaming(false);
            if (title !== null) update.mutate({ session, change: { title } });
            // The link is back after this render; the keyboard goes back to it.
            requestAnimationFrame(() => link.current?.focus());
          }}
        />
      </li>
    );
  }
  const trigger = {
    "aria-label": `Actions for ${session.title || "New chat"}`,
    className:
      "absolute top-1/2 right-1 inline-flex size-7 -translate-y-1/2 items-center justify-center rounded-sm text-ink-3 opacity-0 group-hover/row:opacity-100 hover:bg-line hover:text-ink focus-visible:opacity-100 data-popup-open:opacity-100 pointer-coarse:size-9 pointer-coarse:opacity-100",
    children: <Ellipsis aria-hidden className="size-4" />,
  };
  const closedMenu = <button {...menu.standIn} {...trigger} />;
  return (
    <li className="group/row relative" onPointerEnter={menu.prepare}>
      <Link
        ref={link}
        to="/app/chat/$sessionId"
        params={{ sessionId: session.id }}
        onKeyDown={(event) => {
          if (event.key === "F2") setRenaming(true);
          if (event.key === "Delete") deleteSession(session);
        }}
        className="flex min-h-8 items-center gap-2 rounded-md pr-2 pl-2 text-sm group-hover/row:pr-9 focus-visible:pr-9 pointer-coarse:pr-11 text-ink-2 hover:bg-hover hover:text-ink data-[status=active]:bg-hover data-[status=active]:font-medium data-[status=active]:text-ink pointer-coarse:min-h-11"
      >
        <span className="min-w-0 flex-1 truncate">{session.title || "New chat"}</span>
        {session.running_generation_id !== null && (
          <span className="live-dot" role="img" aria-label="answering now" />
        )}
        <SessionCost totals={session.totals} />
      </Link>
      {menu.isOpened ? (
        <Suspense fallback={closedMenu}>
          <SessionMenu session={session} onRename={() => setRenaming(true)} trigger={trigger} />
        </Suspense>
      ) : (
        closedMenu
      )}
    </li>
  );
}

/** Gives way to the actions. */
function SessionCost({ totals: { cost_usd, unknown_calls } }: Pick<Session, "totals">) {
  if (cost_usd === 0 && unknown_calls === 0) return null;
  return (
    <span
      title={formatUsd(cost_usd)}
      className="flex-none text-xs font-normal text-ink-3 tabular-nums group-hover/row:hidden pointer-coarse:inline"
    >
      {formatCents(cost_usd)}
      {unknown_calls > 0 && " + ?"}
    </span>
  );
}
