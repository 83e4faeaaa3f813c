import { ScreenHeader } from "@/components/screen-header";

export function ModelsScreen() {
  return <ScreenHeader title="Models" />;
}
