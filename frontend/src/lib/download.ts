/** Hands a value to the browser's downloads as a JSON file. */
export function downloadJson(name: string, value: unknown): void {
  const blob = new Blob([`${JSON.stringify(value, null, 2)}\n`], { type: "application/json" });
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = `${fileName(name)}.json`;
  link.click();
  URL.revokeObjectURL(url);
}

/**
 * Opens an address whose answer says that it is a file; the page stays. A link that says so itself would be asked for
 * in a way that the console refuses, because images and frames of other pages ask like that too.
 */
export function downloadFrom(url: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.click();
}

/** What every file system takes, from what somebody called it. */
export function fileName(name: string): string {
  const plain = name
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .replace(/[^\w.-]+/g, "-")
    .replace(/^[-.]+|[-.]+$/g, "")
    .slice(0, 80);
  return plain.toLowerCase() || "download";
}
