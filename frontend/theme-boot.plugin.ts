import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

const source = new URL("./src/app/theme-boot.js", import.meta.url);

/**
 * Loads `theme-boot.js` as a classic, hashed script before anything is painted.
 * A module would run too late, and the content security policy allows no inline script.
 */
export function themeBoot(): Plugin {
  let building = false;
  const code = readFileSync(source, "utf8");
  const hash = createHash("sha256").update(code).digest("hex").slice(0, 8);
  const fileName = `assets/theme-${hash}.js`;
  return {
    name: "theme-boot",
    configResolved(config) {
      building = config.command === "build";
    },
    buildStart() {
      if (building) this.emitFile({ type: "asset", fileName, source: code });
    },
    transformIndexHtml() {
      const src = building ? `/${fileName}` : "/src/app/theme-boot.js";
      return [{ tag: "script", attrs: { src }, injectTo: "head-prepend" }];
    },
  };
}
