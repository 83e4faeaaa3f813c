import { Download, FileText, Image as ImageIcon } from "lucide-react";
import type { ReactNode } from "react";
import type { ImagePart, Media, Part } from "@/client/api";
import { safeLink } from "@/lib/markdown/url-policy";

const SHOWN = /^data:image\/(png|jpeg|webp|gif);base64,/i;

export function isMedia(part: Part): part is Media {
  return ["image", "file", "audio", "video"].includes(part.type);
}

/** What came with a message. Only what lies in the message itself is shown; the rest is a link. */
export function MediaParts({ parts }: { parts: readonly Media[] }) {
  if (parts.length === 0) return null;
  return (
    <ul aria-label="Attached" className="flex flex-wrap gap-2">
      {parts.map((part, index) => (
        <li key={index} className="max-w-full min-w-0">
          {part.type === "image" && SHOWN.test(part.url) ? (
            <Picture part={part} name={nameOf(part, index)} />
          ) : (
            <Reference part={part} name={nameOf(part, index)} />
          )}
        </li>
      ))}
    </ul>
  );
}

function Picture({ part, name }: { part: ImagePart; name: string }) {
  return (
    <figure className="group/picture relative w-fit overflow-hidden rounded-md border border-line bg-sunken">
      <img
        src={part.url}
        alt={name}
        className="max-h-80 min-h-12 max-w-full min-w-24 object-contain"
      />
      <a
        href={part.url}
        download={name}
        aria-label={`Download ${name}`}
        className="absolute right-1.5 bottom-1.5 inline-flex size-8 items-center justify-center rounded-md border border-line bg-raised text-ink-2 hover:text-ink pointer-coarse:size-10"
      >
        <Download aria-hidden className="size-4" />
      </a>
    </figure>
  );
}

/** A file to download, or the address of one elsewhere: to fetch it unasked would tell a stranger of it. */
function Reference({ part, name }: { part: Media; name: string }) {
  const Icon = part.type === "image" ? ImageIcon : FileText;
  if (part.url.startsWith("data:")) {
    return (
      <Chip href={part.url} download={name}>
        <Icon aria-hidden />
        <span className="truncate">{name}</span>
        <Download aria-hidden />
      </Chip>
    );
  }
  const link = safeLink(part.url);
  return (
    <Chip href={link?.href}>
      <Icon aria-hidden />
      <span className="truncate">{name}</span>
      {link && <span className="flex-none text-xs text-ink-3">{link.host}</span>}
    </Chip>
  );
}

interface ChipProps {
  href: string | undefined;
  download?: string;
  children: ReactNode;
}

function Chip({ href, download, children }: ChipProps) {
  return (
    <a
      href={href}
      {...(download === undefined
        ? { target: "_blank", rel: "noreferrer noopener" }
        : { download })}
      className="inline-flex min-h-9 max-w-full items-center gap-2 rounded-md border border-line bg-raised px-3 text-sm text-ink-2 hover:text-ink [&_svg]:size-4 [&_svg]:flex-none"
    >
      {children}
    </a>
  );
}

function nameOf({ type, name, url }: Media, index: number): string {
  if (name) return name;
  const kind = /^data:[a-z]+\/([a-z0-9]+)/i.exec(url)?.[1];
  return `${type}-${index + 1}${kind ? `.${kind}` : ""}`;
}
