import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { ChatScreen } from "@/features/chat/chat-screen";
import { parseChatSearch } from "@/features/chat/chat-search";
import { parseNewChatSearch } from "@/features/chat/new-chat-search";
import { parseModelsSearch } from "@/features/models/search";
import { parseProfilesSearch } from "@/features/profiles/search";
import { parseUsageSearch } from "@/features/usage/search";
import { NotFound, RouteCrash } from "./route-errors";
import { Shell } from "./shell";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: parseNewChatSearch,
  component: () => <ChatScreen sessionId={null} />,
});

/** What somebody types who cuts an address short. */
const bare = createRoute({
  getParentRoute: () => root,
  path: "/app",
  beforeLoad: () => {
    throw redirect({ to: "/", replace: true });
  },
});

const chat = createRoute({
  getParentRoute: () => root,
  path: "/app/chat/$sessionId",
  validateSearch: parseChatSearch,
  component: function ChatRoute() {
    const { sessionId } = chat.useParams();
    return <ChatScreen key={sessionId} sessionId={sessionId} />;
  },
});

const profiles = createRoute({
  getParentRoute: () => root,
  path: "/app/profiles",
  validateSearch: parseProfilesSearch,
  component: lazyRouteComponent(
    () => import("@/features/profiles/profiles-screen"),
    "ProfilesScreen",
  ),
});

const models = createRoute({
  getParentRoute: () => root,
  path: "/app/models",
  validateSearch: parseModelsSearch,
  component: lazyRouteComponent(() => import("@/features/models/models-screen"), "ModelsScreen"),
});

const usage = createRoute({
  getParentRoute: () => root,
  path: "/app/usage",
  validateSearch: parseUsageSearch,
  component: lazyRouteComponent(() => import("@/features/usage/usage-screen"), "UsageScreen"),
});

const backups = createRoute({
  getParentRoute: () => root,
  path: "/app/backups",
  component: lazyRouteComponent(() => import("@/features/backups/backups-screen"), "BackupsScreen"),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: "/app/settings",
  component: lazyRouteComponent(
    () => import("@/features/settings/settings-screen"),
    "SettingsScreen",
  ),
});

export const router = createRouter({
  routeTree: root.addChildren([home, bare, chat, profiles, models, usage, backups, settings]),
  defaultPreload: "intent",
  defaultErrorComponent: RouteCrash,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
