import { Menu } from "@base-ui/react/menu";
import { Link } from "@tanstack/react-router";
import { FoldVertical, PencilLine, Pin, PinOff, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import type { Session } from "@/client/api";
import { useDeleteSession } from "./delete-session";
import { useUpdateSession } from "./update-session";

interface SessionMenuProps {
  session: Session;
  onRename: () => void;
  /** What opens it, as it stands in the row before. */
  trigger: { "aria-label": string; className: string; children: ReactNode };
}

/** Open from the start. */
export default function SessionMenu({ session, onRename, trigger }: SessionMenuProps) {
  const deleteSession = useDeleteSession();
  const update = useUpdateSession();
  return (
    <Menu.Root defaultOpen>
      <Menu.Trigger {...trigger} />
      <Menu.Portal>
        <Menu.Positioner sideOffset={4} align="end" className="z-50">
          <Menu.Popup className="min-w-40 rounded-md border border-line bg-raised p-1 shadow-pop outline-none">
            <MenuItem icon={<PencilLine />} onClick={onRename}>
              Rename <kbd className="ml-auto text-xs text-ink-3 pointer-coarse:hidden">F2</kbd>
            </MenuItem>
            <MenuItem
              icon={session.pinned ? <PinOff /> : <Pin />}
              onClick={() => update.mutate({ session, change: { pinned: !session.pinned } })}
            >
              {session.pinned ? "Unpin" : "Pin"}
            </MenuItem>
            <Menu.Item
              render={
                <Link
                  to="/app/chat/$sessionId"
                  params={{ sessionId: session.id }}
                  search={{ context: true }}
                />
              }
              className={ITEM}
            >
              <FoldVertical />
              Compact…
            </Menu.Item>
            <MenuItem icon={<Trash2 />} danger onClick={() => deleteSession(session)}>
              Delete
            </MenuItem>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

const ITEM =
  "flex min-h-8 cursor-pointer items-center gap-2.5 rounded-sm px-2 text-sm outline-none select-none data-highlighted:bg-hover pointer-coarse:min-h-11 [&_svg]:size-4";

interface MenuItemProps {
  icon: ReactNode;
  children: ReactNode;
  danger?: boolean;
  onClick: () => void;
}

function MenuItem({ icon, children, danger = false, onClick }: MenuItemProps) {
  return (
    <Menu.Item onClick={onClick} className={`${ITEM} ${danger ? "text-danger" : ""}`}>
      {icon}
      {children}
    </Menu.Item>
  );
}
