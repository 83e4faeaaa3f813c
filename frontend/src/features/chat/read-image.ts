import type { ImagePart } from "@/client/api";

export const TYPES: readonly string[] = ["image/png", "image/jpeg", "image/webp", "image/gif"];
/** Longer than models look at; above it a picture is scaled down. */
const LONGEST_SIDE_PX = 2000;
export const MOST_BYTES = 10 * 2 ** 20;
const QUALITY = 0.9;

/** A file that cannot be attached; its message says why, for the reader. */
export class UnfitImage extends Error {
  override readonly name = "UnfitImage";
}

/** A picture as a message carries it. Large ones are scaled down, but for GIFs, which may move. */
export async function readImage(file: File): Promise<ImagePart> {
  if (!TYPES.includes(file.type)) {
    throw new UnfitImage(`“${file.name}” is not a PNG, JPEG, WebP or GIF.`);
  }
  const picture = await createImageBitmap(file).catch(() => {
    throw new UnfitImage(`“${file.name}” cannot be read as a picture.`);
  });
  const isLarge = Math.max(picture.width, picture.height) > LONGEST_SIDE_PX;
  const fitting = isLarge && file.type !== "image/gif" ? await scaled(picture, file.type) : file;
  picture.close();
  if (fitting.size > MOST_BYTES) throw new UnfitImage(`“${file.name}” is larger than 10 MB.`);
  return { type: "image", url: await dataUrl(fitting), name: file.name, mime: fitting.type };
}

async function scaled(picture: ImageBitmap, type: string): Promise<Blob> {
  const { width, height } = fit(picture);
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  canvas.getContext("2d")?.drawImage(picture, 0, 0, width, height);
  const blob = await new Promise<Blob | null>((take) => canvas.toBlob(take, type, QUALITY));
  if (!blob) throw new UnfitImage("The picture is too large for this browser to scale down.");
  return blob;
}

/** The size with the same shape whose longer side is as long as may be. */
export function fit({ width, height }: { width: number; height: number }) {
  const factor = Math.min(1, LONGEST_SIDE_PX / Math.max(width, height));
  return {
    width: Math.max(1, Math.round(width * factor)),
    height: Math.max(1, Math.round(height * factor)),
  };
}

function dataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result as string));
    reader.addEventListener("error", () =>
      reject(reader.error ?? new Error("The file cannot be read.")),
    );
    reader.readAsDataURL(blob);
  });
}
