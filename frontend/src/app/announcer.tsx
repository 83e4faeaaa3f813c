import { useAnnouncement } from "@/lib/announcer";

/** The one polite live region of the page: what streams is never inside one. */
export function Announcer() {
  const { text, number } = useAnnouncement();
  return (
    <div aria-live="polite" className="sr-only">
      <span key={number}>{text}</span>
    </div>
  );
}
