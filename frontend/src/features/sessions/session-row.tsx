import { Link } from "@tanstack/react-router";
import { Suspense, lazy, useRef, useState } from "react";
import type { Session } from "@/client/api";
import { useDeleteSession } from "./delete-session";
import { RenameField } from "./rename-field";
import { useUpdateSession } from "./update-session";

// The list is there at once; what opens menus follows.
const SessionMenu = lazy(() => import("./session-menu"));

export function SessionRow({ session }: { session: Session }) {
  const [renaming, setRenaming] = useState(false);
  const link = useRef<HTMLAnchorElement>(null);
  const deleteSession = useDeleteSession();
  const update = useUpdateSession();

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
  return (
    <li className="group/row relative">
      <Link
        ref={link}
        to="/app/chat/$sessionId"
        params={{ sessionId: session.id }}
        onKeyDown={(event) => {
          if (event.key === "F2") setRenaming(true);
          if (event.key === "Delete") deleteSession(session);
        }}
        className="flex min-h-8 items-center gap-2 rounded-md pr-9 pl-2 text-sm text-ink-2 hover:bg-hover hover:text-ink data-[status=active]:bg-hover data-[status=active]:font-medium data-[status=active]:text-ink pointer-coarse:min-h-11"
      >
        <span className="truncate">{session.title || "New chat"}</span>
        {session.running_generation_id !== null && (
          <span className="live-dot" role="img" aria-label="answering now" />
        )}
      </Link>
      <Suspense>
        <SessionMenu session={session} onRename={() => setRenaming(true)} />
      </Suspense>
    </li>
  );
}
