import { Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { PanelLeft } from "lucide-react";
import { Suspense, lazy, useState } from "react";
import { IconButton } from "@/components/icon-button";
import { ShellContext } from "@/components/shell-context";
import { useShortcut } from "@/lib/shortcuts";
import { Announcer } from "./announcer";
import { Banners } from "./banners";
import { Sidebar } from "./sidebar";
import { useServerTheme } from "./use-server-theme";

const SidebarDrawer = lazy(() => import("./sidebar-drawer"));

/** Everything around a screen: banners, the sidebar (a drawer on narrow screens), the one `main`. */
export function Shell() {
  const [collapsed, setCollapsed] = useState(false);
  const [drawerOpen, setDrawerOpen] = useState(false);
  const [drawerUsed, setDrawerUsed] = useState(false);
  const navigate = useNavigate();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const [drawerPath, setDrawerPath] = useState(path);
  useServerTheme();
  useShortcut("newChat", () => void navigate({ to: "/" }));
  useShortcut("toggleSidebar", () => setCollapsed(!collapsed));

  // Going somewhere from the drawer closes it.
  if (drawerPath !== path) {
    setDrawerPath(path);
    setDrawerOpen(false);
  }
  return (
    <div className="flex h-dvh flex-col">
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-raised px-3 py-2 focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to the content
      </a>
      <Banners />
      <div className="flex min-h-0 flex-1">
        {!collapsed && (
          <div className="hidden w-70 flex-none border-r border-line bg-sunken lg:flex">
            <Sidebar onCollapse={() => setCollapsed(true)} />
          </div>
        )}
        {drawerUsed && (
          <Suspense>
            <SidebarDrawer open={drawerOpen} onOpenChange={setDrawerOpen} />
          </Suspense>
        )}
        <ShellContext
          value={
            <>
              <IconButton
                label="Open the sidebar"
                className="lg:hidden"
                onClick={() => {
                  setDrawerUsed(true);
                  setDrawerOpen(true);
                }}
              >
                <PanelLeft aria-hidden />
              </IconButton>
              {collapsed && (
                <IconButton
                  label="Show the sidebar"
                  className="hidden lg:inline-flex"
                  onClick={() => setCollapsed(false)}
                >
                  <PanelLeft aria-hidden />
                </IconButton>
              )}
            </>
          }
        >
          <main
            id="main"
            tabIndex={-1}
            className="flex min-h-0 min-w-0 flex-1 flex-col outline-none"
          >
            <Outlet />
          </main>
        </ShellContext>
      </div>
      <Announcer />
    </div>
  );
}
