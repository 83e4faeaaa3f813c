import { AudioLines, FileText, Image, type LucideIcon, Type, Video } from "lucide-react";
import type { Model } from "@/client/api";

const ICONS: Readonly<Record<string, LucideIcon>> = {
  text: Type,
  image: Image,
  file: FileText,
  audio: AudioLines,
  video: Video,
};

/** What a model takes, and what it gives where that is more than text. */
export function Modalities({ modalities }: Pick<Model, "modalities">) {
  const { input, output } = modalities;
  // Servers beside OpenRouter often do not say.
  if (input.length === 0 && output.length === 0) return null;
  const gives = output.filter((kind) => kind !== "text");
  return (
    <span
      role="img"
      aria-label={`takes ${input.join(", ")}; gives ${output.join(", ")}`}
      title={`${input.join(", ")} → ${output.join(", ")}`}
      className="inline-flex items-center gap-1 text-ink-3"
    >
      <Kinds kinds={input} />
      {gives.length > 0 && (
        <>
          →
          <Kinds kinds={gives} />
        </>
      )}
    </span>
  );
}

function Kinds({ kinds }: { kinds: readonly string[] }) {
  return kinds.map((kind) => {
    const Icon = ICONS[kind] ?? FileText;
    return <Icon key={kind} aria-hidden className="size-3.5" />;
  });
}
