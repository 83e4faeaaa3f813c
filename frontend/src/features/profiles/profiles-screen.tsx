import { ScreenHeader } from "@/components/screen-header";

export function ProfilesScreen() {
  return <ScreenHeader title="Profiles" />;
}
