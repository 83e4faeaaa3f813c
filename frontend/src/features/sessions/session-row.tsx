import { Menu } from "@base-ui/react/menu";
import { Link } from "@tanstack/react-router";
import { Ellipsis, PencilLine, Pin, PinOff, Trash2 } from "lucide-react";
import { type ReactNode, useRef, useState } from "react";
import type { Session } from "@/client/api";
import { useDeleteSession } from "./delete-session";
import { RenameField } from "./rename-field";
import { useUpdateSession } from "./update-session";

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
      <Menu.Root>
        <Menu.Trigger
          aria-label={`Actions for ${session.title || "New chat"}`}
          className="absolute top-1/2 right-1 inline-flex size-7 -translate-y-1/2 items-center justify-center rounded-sm text-ink-3 opacity-0 group-hover/row:opacity-100 hover:bg-line hover:text-ink focus-visible:opacity-100 data-popup-open:opacity-100 pointer-coarse:opacity-100"
        >
          <Ellipsis aria-hidden className="size-4" />
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Positioner sideOffset={4} align="end" className="z-50">
            <Menu.Popup className="min-w-40 rounded-md border border-line bg-raised p-1 shadow-pop outline-none">
              <MenuItem icon={<PencilLine />} onClick={() => setRenaming(true)}>
                Rename <kbd className="ml-auto text-xs text-ink-3">F2</kbd>
              </MenuItem>
              <MenuItem
                icon={session.pinned ? <PinOff /> : <Pin />}
                onClick={() => update.mutate({ session, change: { pinned: !session.pinned } })}
              >
                {session.pinned ? "Unpin" : "Pin"}
              </MenuItem>
              <MenuItem icon={<Trash2 />} danger onClick={() => deleteSession(session)}>
                Delete
              </MenuItem>
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
    </li>
  );
}

interface MenuItemProps {
  icon: ReactNode;
  children: ReactNode;
  danger?: boolean;
  onClick: () => void;
}

function MenuItem({ icon, children, danger = false, onClick }: MenuItemProps) {
  return (
    <Menu.Item
      onClick={onClick}
      className={`flex min-h-8 cursor-pointer items-center gap-2.5 rounded-sm px-2 text-sm outline-none select-none data-highlighted:bg-hover [&_svg]:size-4 ${danger ? "text-danger" : ""}`}
    >
      {icon}
      {children}
    </Menu.Item>
  );
}
