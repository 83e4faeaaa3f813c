import { ScreenHeader } from "@/components/screen-header";

export function SettingsScreen() {
  return <ScreenHeader title="Settings" />;
}
