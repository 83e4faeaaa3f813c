import { Link } from "@tanstack/react-router";
import {
  Boxes,
  ChartNoAxesColumn,
  DatabaseBackup,
  PanelLeftClose,
  Settings,
  SquarePen,
  UserRound,
} from "lucide-react";
import { IconButton } from "@/components/icon-button";
import { SessionList } from "@/features/sessions/session-list";
import { describeShortcut } from "@/lib/shortcuts";
import { ThemeSwitch } from "./theme-switch";

const PAGES = [
  { to: "/app/models", label: "Models", icon: Boxes },
  { to: "/app/profiles", label: "Profiles", icon: UserRound },
  { to: "/app/usage", label: "Usage", icon: ChartNoAxesColumn },
  { to: "/app/backups", label: "Backups", icon: DatabaseBackup },
  { to: "/app/settings", label: "Settings", icon: Settings },
] as const;

export function Sidebar({ onCollapse }: { onCollapse: () => void }) {
  return (
    <aside aria-label="Sidebar" className="flex min-h-0 w-full flex-col">
      <div className="flex min-h-12 items-center gap-1 pr-2 pl-4">
        <span className="flex-1 text-sm font-semibold tracking-tight">LLM Console</span>
        <ThemeSwitch />
        <IconButton label="Hide the sidebar" onClick={onCollapse}>
          <PanelLeftClose aria-hidden />
        </IconButton>
      </div>
      <div className="px-2 pb-2">
        <Link
          to="/"
          className="group flex min-h-9 items-center gap-2.5 rounded-md px-2 text-sm font-medium hover:bg-hover"
        >
          <SquarePen aria-hidden className="size-4 text-accent" />
          <span className="flex-1">New chat</span>
          <kbd className="text-xs text-ink-3 opacity-0 group-hover:opacity-100">
            {describeShortcut("newChat")}
          </kbd>
        </Link>
      </div>
      <SessionList />
      <nav aria-label="Pages" className="flex flex-col gap-px border-t border-line p-2">
        {PAGES.map(({ to, label, icon: Icon }) => (
          <Link
            key={to}
            to={to}
            className="flex min-h-9 items-center gap-2.5 rounded-md px-2 text-sm text-ink-2 hover:bg-hover hover:text-ink data-[status=active]:bg-hover data-[status=active]:text-ink"
          >
            <Icon aria-hidden className="size-4" />
            {label}
          </Link>
        ))}
      </nav>
    </aside>
  );
}
